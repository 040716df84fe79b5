/*
 * Trees and loads whose outcome the test computes by itself, and what happens at the limits.
 *
 * The load writes a line to the disk itself, in its last sector, behind each fsync that succeeded: the
 * place of that write among the others says which files were confirmed before a power cut.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "ext.h"

static char block[8192];

static void
fill_block(unsigned seed)
{
    for (size_t i = 0; i < sizeof(block); i++)
        block[i] = (char)((i + seed * 31) & 0xff);
}

/* A file of `size` bytes which begin with the number. */
static int
make_file(const char *path, unsigned number, size_t size, int sync)
{
    int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644);
    int good = fd >= 0;

    fill_block(number);
    memcpy(block, &number, sizeof(number));
    for (size_t done = 0; good && done < size;) {
        size_t at = done % sizeof(block), now = sizeof(block) - at;
        ssize_t n = write(fd, block + at, size - done < now ? size - done : now);
        good = n > 0;
        done += good ? (size_t)n : 0;
    }
    if (good && sync)
        good = fsync(fd) == 0;
    return fd >= 0 && close(fd) == 0 && good ? 0 : -1;
}

/* Files of growing size in directories of a hundred, each with a name of its own length. */
void
run_fill(int argc, char **argv)
{
    const struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    unsigned count = argc > 1 ? (unsigned)atoi(argv[1]) : 100;
    char path[400];

    CHECK(chdir(argv[0]) == 0);
    for (unsigned i = 0; i < count; i++) {
        snprintf(path, sizeof(path), "d%u", i / 100);
        if (i % 100 == 0)
            CHECK(mkdir(path, 0755) == 0);
        snprintf(path, sizeof(path), "d%u/f%u-%0*d", i / 100, i, (int)(i % 200 + 1), 0);
        CHECK(make_file(path, i, i % 50 * 1000, 0) == 0);
        CHECK(chmod(path, 0600 | (i & 077)) == 0 && utimensat(AT_FDCWD, path, times, 0) == 0);
    }
    CHECK(link(path, "hard") == 0 && symlink(path, "soft") == 0);
    int fd = open("sparse", O_CREAT | O_WRONLY, 0644);
    CHECK(pwrite(fd, "end", 3, 5ll << 30) == 3 && close(fd) == 0);
}

/* All room is taken: the right error, what was there is there, and room that is given back is room. */
void
run_full(int argc, char **argv)
{
    char path[40];
    unsigned count = 0;

    (void)argc;
    CHECK(chdir(argv[0]) == 0 && make_file("kept", 7, 10000, 1) == 0);
    errno = 0;
    for (snprintf(path, sizeof(path), "f0"); make_file(path, count, 1000000, 0) == 0;)
        snprintf(path, sizeof(path), "f%u", ++count);
    CHECK(errno == ENOSPC && count > 0);
    CHECK(unlink(path) == 0);
    CHECK(make_file("small", 1, 100, 1) == 0);
    for (unsigned i = 0; i < count; i++) {
        snprintf(path, sizeof(path), "f%u", i);
        CHECK(unlink(path) == 0);
    }
    CHECK(make_file("again", 9, 1500000, 1) == 0);
}

/* Every change of a file system that is read-only. */
void
run_errors(int argc, char **argv)
{
    struct stat st;

    (void)argc;
    CHECK(chdir(argv[0]) == 0 && stat("present", &st) == 0);
    CHECK_ERROR(open("present", O_WRONLY), EROFS);
    CHECK_ERROR(open("new", O_CREAT | O_RDWR, 0600), EROFS);
    CHECK_ERROR(mkdir("new", 0700), EROFS);
    CHECK_ERROR(unlink("present"), EROFS);
    CHECK_ERROR(rename("present", "other"), EROFS);
    CHECK_ERROR(chmod("present", 0600), EROFS);
    CHECK_ERROR(truncate("present", 0), EROFS);
    int fd = open("present", O_RDONLY);
    CHECK(fd >= 0 && read(fd, block, 4) == 4 && fsync(fd) == 0);
}

/* Sooner or later a block is one that cannot be written. */
void
run_broken(int argc, char **argv)
{
    char path[40];
    int error = 0;

    (void)argc;
    CHECK(chdir(argv[0]) == 0);
    for (int i = 0; i < 20 && !error; i++) {
        snprintf(path, sizeof(path), "f%d", i);
        error = make_file(path, 1, 500000, 1) ? errno : 0;
    }
    errno = error;
    CHECK(error == EIO);
    int fd = open("f0", O_RDONLY);
    CHECK(fd >= 0 && read(fd, block, sizeof(block)) == sizeof(block));
    CHECK_ERROR(open("new", O_CREAT | O_RDWR, 0600), EROFS);
}

/* Until somebody asks it to end. */
void
run_wait(int argc, char **argv)
{
    (void)argc;
    CHECK(chdir(argv[0]) == 0 && make_file("a file", 3, 100000, 0) == 0);
    puts("written");
    fflush(stdout);
    for (;;)
        pause();
}

static uint32_t
next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    return *state ^= *state << 5;
}

/* "N" is confirmed, in the disk's own last sector. */
static void
confirm(int disk, off_t at, unsigned number)
{
    memset(block, 0, 512);
    snprintf(block, sizeof(block), "confirmed %u\n", number);
    CHECK(pwrite(disk, block, 512, at) == 512);
}

/*
 * Step i makes, by the seed, a file in one of five directories and syncs every third; renames what an
 * earlier step made over another; removes; or lets one grow. Files that were synced are not touched.
 */
void
run_load(int argc, char **argv)
{
    uint32_t state = argc > 1 ? (uint32_t)atoi(argv[1]) : 1;
    unsigned count = argc > 2 ? (unsigned)atoi(argv[2]) : 100;
    int disk = open(argc > 3 ? argv[3] : "/dev/vda", O_RDWR);
    off_t last = lseek(disk, 0, SEEK_END) - 512;
    char path[60], other[60];

    CHECK(chdir(argv[0]) == 0);
    for (int i = 0; i < 5; i++) {
        snprintf(path, sizeof(path), "d%d", i);
        CHECK(mkdir(path, 0755) == 0);
    }
    for (unsigned i = 1; i <= count; i++) {
        uint32_t r = next(&state);
        snprintf(path, sizeof(path), "d%u/%s%u", r % 5, i % 3 ? "loose" : "kept",
                 i % 3 ? i % 20 : i);
        CHECK(make_file(path, i, r / 8 % 40000, i % 3 == 0) == 0);
        if (i % 3 == 0)
            confirm(disk, last, i);
        snprintf(other, sizeof(other), "d%u/loose%u", r / 64 % 5, r / 512 % 20);
        if (r & 0x10000 && i % 3)
            (void)rename(path, other);
        if (r & 0x20000)
            (void)unlink(other);
        if (r & 0x40000)
            (void)truncate(other, 12345);
        snprintf(other, sizeof(other), "d%u/dir%u", r / 32 % 5, i % 4);
        if (r & 0x80000)
            (void)(mkdir(other, 0755) && rmdir(other));
    }
}

void
run_print(int argc, char **argv)
{
    (void)argc;
    DIR *dir = opendir(argv[0]);
    struct stat st;

    CHECK(dir);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
            printf("%s %o %u %u %lld %ld\n", entry->d_name, st.st_mode, st.st_nlink, st.st_uid,
                   (long long)st.st_size, (long)st.st_mtim.tv_sec);
}

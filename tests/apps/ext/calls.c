/* What the calls promise, on a file system that can be written; in one directory, which is empty. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "ext.h"

static char buffer[300000], back[300000];

static void
fill_buffer(unsigned seed)
{
    for (size_t i = 0; i < sizeof(buffer); i++)
        buffer[i] = (char)((i * 7 + i / 251 + seed) & 0xff);
}

static void
contents(void)
{
    struct stat st;
    int fd = open("file", O_CREAT | O_EXCL | O_RDWR, 0640);

    fill_buffer(1);
    CHECK(fd >= 0);
    CHECK(write(fd, buffer, 100001) == 100001);
    CHECK(pread(fd, back, sizeof(back), 0) == 100001 && memcmp(buffer, back, 100001) == 0);
    CHECK(pwrite(fd, "here", 4, 5000) == 4);
    memcpy(buffer + 5000, "here", 4);
    CHECK(fsync(fd) == 0 && fdatasync(fd) == 0);
    CHECK(ftruncate(fd, 4999) == 0 && ftruncate(fd, 9000) == 0);
    CHECK(pread(fd, back, sizeof(back), 0) == 9000 && memcmp(buffer, back, 4999) == 0);
    for (int i = 4999; i < 9000; i++)
        if (back[i]) {
            CHECK(!"zeroes behind the old end");
            break;
        }
    CHECK(fstat(fd, &st) == 0 && st.st_size == 9000 && st.st_mode == (S_IFREG | 0640));
    CHECK(close(fd) == 0);
    fd = open("file", O_WRONLY | O_APPEND);
    CHECK(write(fd, "end", 3) == 3 && fstat(fd, &st) == 0 && st.st_size == 9003);
    CHECK(close(fd) == 0 && stat("file", &st) == 0 && st.st_size == 9003);
    fd = open("file", O_RDWR | O_TRUNC);
    CHECK(fstat(fd, &st) == 0 && st.st_size == 0 && st.st_blocks == 0);
    close(fd);
}

static void
holes(void)
{
    const off_t far = 5ll << 30;
    int fd = open("sparse", O_CREAT | O_RDWR, 0600);
    struct stat st;

    CHECK(pwrite(fd, "far", 3, far) == 3 && pwrite(fd, "near", 4, 70000) == 4);
    CHECK(fstat(fd, &st) == 0 && st.st_size == far + 3 && st.st_blocks < 200);
    CHECK(pread(fd, back, 8, far - 5) == 8 && memcmp(back, "\0\0\0\0\0far", 8) == 0);
    CHECK(lseek(fd, 0, SEEK_DATA) <= 70000 && lseek(fd, 0, SEEK_HOLE) == 0);
    CHECK(lseek(fd, 80000, SEEK_HOLE) >= 70000);
    CHECK(ftruncate(fd, 100) == 0 && fstat(fd, &st) == 0 && st.st_blocks == 0);
    CHECK(ftruncate(fd, far) == 0 && fstat(fd, &st) == 0 && st.st_size == far);
    CHECK(close(fd) == 0 && unlink("sparse") == 0);
}

static long
rename_flags(const char *from, const char *to, unsigned flags)
{
    return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

static void
names(void)
{
    char longest[256];
    struct stat st, other;

    memset(longest, 'n', 255);
    longest[255] = '\0';
    CHECK(mkdir("dir", 0750) == 0 && stat("dir", &st) == 0 && st.st_mode == (S_IFDIR | 0750));
    CHECK_ERROR(mkdir("dir", 0750), EEXIST);
    CHECK(close(open(longest, O_CREAT | O_WRONLY, 0600)) == 0 && unlink(longest) == 0);
    CHECK(link("file", "dir/hard") == 0 && stat("dir/hard", &st) == 0 && st.st_nlink == 2);
    CHECK(stat("file", &other) == 0 && st.st_ino == other.st_ino);
    CHECK_ERROR(link("dir", "dir2"), EPERM);
    CHECK_ERROR(rmdir("dir"), ENOTEMPTY);
    CHECK(symlink("dir/hard", "soft") == 0 && readlink("soft", back, 100) == 8);
    memset(back, 't', 200);
    back[200] = '\0';
    CHECK(symlink(back, "slow") == 0 && readlink("slow", buffer, 1000) == 200);
    CHECK(memcmp(back, buffer, 200) == 0 && lstat("slow", &st) == 0 && st.st_size == 200);
    CHECK(stat("soft", &st) == 0 && st.st_ino == other.st_ino);
    CHECK(rename("dir/hard", "moved") == 0 && stat("moved", &st) == 0 &&
          st.st_ino == other.st_ino);
    CHECK_ERROR(stat("dir/hard", &st), ENOENT);
    CHECK(rename("moved", "moved") == 0 && rename("file", "moved") == 0 &&
          stat("file", &st) == 0);
    CHECK(mkdir("dir/sub", 0755) == 0 && mkdir("dir3", 0755) == 0);
    CHECK_ERROR(rename("dir", "dir/sub/x"), EINVAL);
    CHECK(rename("dir/sub", "dir3/sub") == 0 && stat("dir3", &st) == 0 && st.st_nlink == 3);
    CHECK(stat("dir", &st) == 0 && st.st_nlink == 2 && stat("dir3/sub/..", &other) == 0);
    CHECK(stat("dir3", &st) == 0 && st.st_ino == other.st_ino);
    CHECK(rename("dir3/sub", "dir") == 0 && rmdir("dir") == 0 && rmdir("dir3") == 0);
    CHECK_ERROR(rmdir("file"), ENOTDIR);
    CHECK_ERROR(unlink("nothing"), ENOENT);
    CHECK(mkfifo("fifo", 0644) == 0 && stat("fifo", &st) == 0 && S_ISFIFO(st.st_mode));
    CHECK(rename_flags("fifo", "soft", 2 /* exchange */) == 0);
    CHECK(lstat("soft", &st) == 0 && S_ISFIFO(st.st_mode));
    CHECK_ERROR(rename_flags("fifo", "soft", 1 /* no replace */), EEXIST);
    CHECK(unlink("soft") == 0 && unlink("fifo") == 0 && unlink("slow") == 0 &&
          unlink("moved") == 0);
}

static void
attributes(void)
{
    const struct timespec times[2] = {
        {.tv_sec = 1234567890, .tv_nsec = 987654321},
        {.tv_sec = 4102444800, .tv_nsec = 1}}; /* in the year 2100 */
    struct stat st;

    CHECK(chmod("file", 04711) == 0 && stat("file", &st) == 0 &&
          st.st_mode == (S_IFREG | 04711));
    CHECK(chown("file", 100000, 70000) == 0 && stat("file", &st) == 0);
    CHECK(st.st_uid == 100000 && st.st_gid == 70000);
    CHECK(utimensat(AT_FDCWD, "file", times, 0) == 0 && stat("file", &st) == 0);
    CHECK(st.st_atim.tv_sec == 1234567890 && st.st_atim.tv_nsec == 987654321);
    CHECK(st.st_mtim.tv_sec == 4102444800 && st.st_mtim.tv_nsec == 1);

    /* A new file is whose the program acts as. */
    CHECK(setegid(70) == 0 && seteuid(7) == 0 && mkdir("own", 0700) == 0);
    CHECK(stat("own", &st) == 0 && st.st_uid == 7 && st.st_gid == 70);
    CHECK(seteuid(0) == 0 && setegid(0) == 0 && rmdir("own") == 0);
}

static void
without_name(void)
{
    int fd = open("gone", O_CREAT | O_RDWR, 0600);
    struct statvfs before, after;
    struct stat st;

    CHECK(write(fd, buffer, 50000) == 50000 && statvfs(".", &before) == 0);
    CHECK(unlink("gone") == 0 && fstat(fd, &st) == 0 && st.st_nlink == 0);
    CHECK(pread(fd, back, 50000, 0) == 50000 && memcmp(buffer, back, 50000) == 0);
    CHECK(pwrite(fd, "more", 4, 60000) == 4 && close(fd) == 0 && statvfs(".", &after) == 0);
    CHECK(after.f_bfree > before.f_bfree && after.f_ffree == before.f_ffree + 1);
    fd = open(".", O_TMPFILE | O_RDWR, 0600);
    CHECK(fd >= 0 && write(fd, "nameless", 8) == 8 && close(fd) == 0);
    fd = open("left", O_CREAT | O_RDWR, 0600); /* open at the end of the program */
    CHECK(write(fd, buffer, 50000) == 50000 && unlink("left") == 0);
}

static void
listing(void)
{
    enum { COUNT = 300 };
    char name[40];
    int seen = 0;

    CHECK(mkdir("many", 0755) == 0);
    for (int i = 0; i < COUNT; i++) {
        snprintf(name, sizeof(name), "many/a file with number %d", i);
        CHECK(close(open(name, O_CREAT | O_WRONLY, 0600)) == 0);
    }
    DIR *dir = opendir("many");
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (entry->d_name[0] != '.') {
            seen++;
            CHECK(entry->d_type == DT_REG && unlinkat(dirfd(dir), entry->d_name, 0) == 0);
        }
    CHECK(seen == COUNT && closedir(dir) == 0 && rmdir("many") == 0);
}

/* Several threads at once, each in files of its own; the disk is waited for in between. */
static void *
work(void *number)
{
    char name[20], bytes[3000];
    long wrong = 0;

    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof(name), "thread%ld-%d", (long)number, i);
        int fd = open(name, O_CREAT | O_RDWR, 0600);
        memset(bytes, 'a' + (int)(long)number, sizeof(bytes));
        wrong += fd < 0 || write(fd, bytes, sizeof(bytes)) != sizeof(bytes);
        wrong += i % 5 == 0 && fsync(fd);
        wrong += pread(fd, bytes, 1000, 2000) != 1000 || bytes[999] != 'a' + (int)(long)number;
        wrong += close(fd) || unlink(name);
    }
    return (void *)wrong;
}

static void
together(void)
{
    pthread_t threads[4];
    void *wrong;

    for (long i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
    for (int i = 0; i < 4; i++)
        CHECK(pthread_join(threads[i], &wrong) == 0 && !wrong);
}

void
run_calls(int argc, char **argv)
{
    char cwd[100];

    (void)argc;
    CHECK(chdir(argv[0]) == 0 && mkdir("calls", 0755) == 0 && chdir("calls") == 0);
    CHECK(getcwd(cwd, sizeof(cwd)) && strcmp(strrchr(cwd, '/'), "/calls") == 0);
    contents();
    holes();
    names();
    attributes();
    without_name();
    listing();
    together();
}

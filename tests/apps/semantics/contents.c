/* What is written to files in memory, and what is read back. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>
#include "show.h"

#define PAGE 4096

static struct stat st;
static char data[3 * PAGE];

static long
size_of(int fd)
{
    return fstat(fd, &st) ? -1 : (long)st.st_size;
}

static long
blocks_of(int fd)
{
    return fstat(fd, &st) ? -1 : (long)st.st_blocks;
}

/* How many bytes there are that are not this one. */
static int
others(int len, char value)
{
    int count = 0;

    for (int i = 0; i < len; i++)
        count += data[i] != value;
    return count;
}

static void
writing(int fd)
{
    SHOW(write(fd, "first line\n", 11));
    SHOW(lseek(fd, 0, SEEK_CUR));
    SHOW(size_of(fd));
    SHOW(blocks_of(fd));
    SHOW(read(fd, data, 10));
    SHOW(lseek(fd, 6, SEEK_SET));
    SHOW(write(fd, "LINE", 4));
    SHOW(pread(fd, data, 100, 0));
    SHOW_TRUTH(memcmp(data, "first LINE\n", 11) == 0);
    SHOW(write(fd, data, 0));
    SHOW(pwrite(fd, "xy", 2, 20));
    SHOW(lseek(fd, 0, SEEK_CUR));
    SHOW(pread(fd, data, 100, 9));
    SHOW_TRUTH(memcmp(data, "E\n\0\0\0\0\0\0\0\0\0xy", 13) == 0);
    SHOW(pwrite(fd, "x", 1, -1));
    SHOW(pwrite(fd, "x", 1, 0x7fffffffffffffff));
    SHOW(pread(fd, data, 1, 0x7fffffffffffffff));
    SHOW(size_of(fd));
    SHOW(writev(fd, (struct iovec[]){{"ab", 2}, {"", 0}, {"cde", 3}}, 3));
    SHOW(lseek(fd, -5, SEEK_CUR));
    SHOW(readv(fd, (struct iovec[]){{data, 1}, {data + 10, 4}}, 2));
    SHOW(data[0] + data[13]);
    SHOW(pwritev(fd, (struct iovec[]){{"1", 1}, {"23", 2}}, 2, 0));
    SHOW(pread(fd, data, 5, 0));
    SHOW_TRUTH(memcmp(data, "123st", 5) == 0);
}

static void
holes(int fd)
{
    SHOW(ftruncate(fd, 0));
    SHOW(blocks_of(fd));
    SHOW(pwrite(fd, "x", 1, 5 * PAGE + 7));
    SHOW(size_of(fd));
    SHOW(blocks_of(fd));
    memset(data, 'y', sizeof(data));
    SHOW(pread(fd, data, sizeof(data), PAGE));
    SHOW(others(sizeof(data), 0));
    SHOW(pread(fd, data, sizeof(data), 5 * PAGE));
    SHOW(others(7, 0));
    SHOW(data[7]);
    SHOW(lseek(fd, 0, SEEK_DATA));
    SHOW(lseek(fd, 0, SEEK_HOLE));
    SHOW(lseek(fd, 5 * PAGE + 1, SEEK_DATA));
    SHOW(lseek(fd, 5 * PAGE + 1, SEEK_HOLE));
    SHOW(lseek(fd, 5 * PAGE + 8, SEEK_DATA));
    SHOW(lseek(fd, 5 * PAGE + 8, SEEK_HOLE));
    SHOW(lseek(fd, -1, SEEK_DATA));
    SHOW(pwrite(fd, "z", 1, PAGE));
    SHOW(lseek(fd, 0, SEEK_DATA));
    SHOW(lseek(fd, PAGE + 5, SEEK_HOLE));
    SHOW(lseek(fd, 2 * PAGE, SEEK_DATA));
    SHOW(ftruncate(fd, 0x100000000000));
    SHOW_TRUTH(fstat(fd, &st) == 0 && st.st_size == 0x100000000000);
    SHOW(blocks_of(fd));
    SHOW(lseek(fd, 6 * PAGE, SEEK_DATA));
    SHOW(pwrite(fd, "far", 3, 0xfffffffff000));
    SHOW(pread(fd, data, 10, 0xfffffffff000));
    SHOW_TRUTH(memcmp(data, "far", 3) == 0);
    SHOW(blocks_of(fd));
    SHOW(ftruncate(fd, PAGE + 1));
    SHOW(blocks_of(fd));
    SHOW(ftruncate(fd, 2 * PAGE));
    SHOW(pread(fd, data, PAGE, PAGE));
    SHOW(data[0]);
    SHOW(others(PAGE, 0));
}

static void
lengths(int fd)
{
    memset(data, 'a', sizeof(data));
    SHOW(ftruncate(fd, 0));
    SHOW(pwrite(fd, data, sizeof(data), 100));
    SHOW(ftruncate(fd, 150));
    SHOW(size_of(fd));
    SHOW(ftruncate(fd, 5000)); /* what was cut off reads as zeroes */
    SHOW(pread(fd, data, sizeof(data), 150));
    SHOW(others(4850, 0));
    SHOW(ftruncate(fd, -1));
    SHOW(truncate("/tmp/data", 10));
    SHOW(size_of(fd));
    SHOW(truncate("/tmp/data", -1));
    SHOW(truncate("/tmp/data/", 10));
    SHOW(truncate("/tmp/nothere", 10));
    SHOW(truncate("/tmp", 10));
    SHOW(close(open("/tmp/data", O_RDONLY | O_TRUNC)));
    SHOW(size_of(fd));
    SHOW(write(fd, "x", 1)); /* the position is where it was */
    SHOW_TRUTH(size_of(fd) == lseek(fd, 0, SEEK_CUR));
}

static void
appending(int fd)
{
    int a, b;

    SHOW(ftruncate(fd, 0));
    SHOW(a = open("/tmp/data", O_WRONLY | O_APPEND));
    SHOW(b = open("/tmp/data", O_RDWR | O_APPEND));
    SHOW(write(a, "one", 3));
    SHOW(write(b, "two", 3));
    SHOW(write(a, "three", 5));
    SHOW(lseek(a, 0, SEEK_CUR));
    SHOW(lseek(b, 0, SEEK_CUR));
    SHOW(pwrite(b, "four", 4, 0)); /* Linux appends here as well */
    SHOW(pread(fd, data, 100, 0));
    SHOW_TRUTH(memcmp(data, "onetwothreefour", 15) == 0);
    SHOW(lseek(b, 0, SEEK_SET));
    SHOW(read(b, data, 3));
    SHOW(write(b, "five", 4));
    SHOW(size_of(fd));
    SHOW(fcntl(fd, F_SETFL, O_APPEND));
    SHOW(lseek(fd, 0, SEEK_SET));
    SHOW(write(fd, "six", 3));
    SHOW(lseek(fd, 0, SEEK_CUR));
    SHOW(fcntl(fd, F_SETFL, 0));
    SHOW(read(a, data, 1));
    SHOW(close(a));
    SHOW(close(b));
}

static void
one_direction(void)
{
    int fd;

    SHOW(fd = open("/tmp/data", O_RDONLY));
    SHOW(write(fd, "x", 1));
    SHOW(pwrite(fd, "x", 1, 0));
    SHOW(ftruncate(fd, 0));
    SHOW(posix_fallocate(fd, 0, 10));
    SHOW(close(fd));
    SHOW(fd = open("/tmp/data", O_WRONLY));
    SHOW(read(fd, data, 1));
    SHOW(pread(fd, data, 1, 0));
    SHOW(ftruncate(fd, 3));
    SHOW(size_of(fd));
    SHOW(close(fd));
}

static void
allocating(int fd)
{
    SHOW(ftruncate(fd, 0));
    SHOW(posix_fallocate(fd, 0, 2 * PAGE));
    SHOW(size_of(fd));
    SHOW(blocks_of(fd));
    SHOW(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 4 * PAGE));
    SHOW(size_of(fd));
    SHOW(blocks_of(fd));
    memset(data, 'a', sizeof(data));
    SHOW(pwrite(fd, data, sizeof(data), 0));
    SHOW(fallocate(fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 10, 2 * PAGE));
    SHOW(size_of(fd));
    SHOW(pread(fd, data, sizeof(data), 0));
    SHOW(others(10, 'a'));
    SHOW(data[10] + data[2 * PAGE + 9]);
    SHOW(data[2 * PAGE + 10]);
    SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, PAGE));
    SHOW(fallocate(fd, 0, 0, 0));
    SHOW(fallocate(fd, 0, -1, 10));
    SHOW(fallocate(fd, 0, 10, 0x7fffffffffffffff));
    SHOW(fallocate(fd, 0x4000, 0, 10));
    SHOW(fallocate(99, 0, 0, 10));
    SHOW(fallocate(1, 0, 0, 10) < 0);
}

/* A file without a name is one for as long as somebody has it open. */
static void
unlinked(int fd)
{
    int other;

    SHOW(ftruncate(fd, 0));
    SHOW(pwrite(fd, "kept", 4, 0));
    SHOW(unlink("/tmp/data"));
    SHOW(open("/tmp/data", O_RDONLY));
    SHOW(fstat(fd, &st) + (long)st.st_nlink);
    SHOW(pread(fd, data, 10, 0));
    SHOW(pwrite(fd, "!", 1, 4));
    SHOW(size_of(fd));
    SHOW(other = open("/tmp/data", O_RDWR | O_CREAT, 0666));
    SHOW(size_of(other));
    SHOW(size_of(fd));
    SHOW(fsync(fd));
    SHOW(fdatasync(fd));
    SHOW(syncfs(fd));
    SHOW(syncfs(99));
    SHOW(close(other));
}

/* All that there is room for, and all of it comes back. */
static void
full(void)
{
    struct statvfs before, after;
    static char much[1 << 16];
    long n;
    int fd;

    SHOW(statvfs("/run", &before));
    SHOW(fd = open("/run/full", O_RDWR | O_CREAT, 0666));
    SHOW(fallocate(fd, 0, 0, ((off_t)before.f_bfree + 1) * PAGE));
    SHOW(size_of(fd));
    while ((n = write(fd, much, sizeof(much))) > 0)
        continue;
    SHOW(n == -1 && errno == ENOSPC ? 0 : n);
    SHOW_TRUTH(statvfs("/run", &after) == 0 && after.f_bfree == 0);
    SHOW_TRUTH(size_of(fd) / PAGE == (long)before.f_bfree);
    SHOW(write(fd, much, 1));
    SHOW(pwrite(fd, "x", 1, 0)); /* there is room for what is there */
    SHOW(unlink("/run/full"));
    SHOW(close(fd));
    SHOW_TRUTH(statvfs("/run", &after) == 0 && after.f_bfree == before.f_bfree);
}

static void
streams_of_files(void)
{
    FILE *file;
    char line[100];

    SHOW_TRUTH((file = fopen("/tmp/stream", "w+")) != NULL);
    for (int i = 0; i < 1000; i++)
        fprintf(file, "line %d\n", i);
    SHOW(fflush(file));
    SHOW(fseek(file, 0, SEEK_END));
    SHOW(ftell(file));
    rewind(file);
    for (int i = 0; i < 500; i++)
        fgets(line, sizeof(line), file);
    SHOW(strcmp(line, "line 499\n"));
    SHOW(fclose(file));
    SHOW_TRUTH((file = fopen("/tmp/stream", "a")) != NULL);
    SHOW(fputs("the end\n", file) >= 0);
    SHOW(fclose(file));
    SHOW(stat("/tmp/stream", &st) + (long)st.st_size);
    SHOW_TRUTH(fopen("/tmp/stream", "wx") == NULL && errno == EEXIST);
    SHOW(remove("/tmp/stream"));
    SHOW_TRUTH((file = tmpfile()) != NULL);
    SHOW(fputs("temporary", file) >= 0);
    rewind(file);
    SHOW_TEXT(fgets(line, sizeof(line), file));
    SHOW(fclose(file));
}

void
contents(void)
{
    int fd;

    SHOW(fd = open("/tmp/data", O_RDWR | O_CREAT | O_EXCL, 0644));
    writing(fd);
    holes(fd);
    lengths(fd);
    appending(fd);
    one_direction();
    allocating(fd);
    unlinked(fd);
    SHOW(close(fd));
    SHOW(unlink("/tmp/data"));
    full();
    streams_of_files();
}

/* Files in memory that are mapped: what one side writes the other reads. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "show.h"

#define PAGE 4096
#define RW   (PROT_READ | PROT_WRITE)

static char data[3 * PAGE];

/* 0, or -1 with errno. */
static int
mapped(void *place)
{
    return place == MAP_FAILED ? -1 : 0;
}

static void
both_ways(int fd)
{
    char *p, *q;
    int reader;

    SHOW(ftruncate(fd, 2 * PAGE));
    SHOW(mapped(p = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0)));
    SHOW(p[0] + p[2 * PAGE - 1]);
    memcpy(p, "mapped", 6);
    SHOW(pread(fd, data, 6, 0));
    SHOW_TRUTH(memcmp(data, "mapped", 6) == 0);
    SHOW(pwrite(fd, "written", 7, PAGE - 3));
    SHOW_TRUTH(memcmp(p + PAGE - 3, "written", 7) == 0);
    SHOW(mapped(q = mmap(NULL, PAGE, RW, MAP_SHARED, fd, PAGE)));
    SHOW_TRUTH(memcmp(q, "tten", 4) == 0);
    q[0] = 'T';
    SHOW(p[PAGE]);
    SHOW(munmap(p, 2 * PAGE));
    SHOW(q[0]); /* the other one is still there */
    q[1] = 'T';
    SHOW(pread(fd, data, 2, PAGE));
    SHOW_TRUTH(memcmp(data, "TT", 2) == 0);
    SHOW(munmap(q, PAGE));
    SHOW(reader = open("/tmp/mapped", O_RDONLY));
    SHOW(mapped(p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, reader, 0)));
    SHOW(pwrite(fd, "M", 1, 0));
    SHOW(p[0]);
    SHOW(mapped(mmap(NULL, PAGE, RW, MAP_SHARED, reader, 0)));
    SHOW(munmap(p, PAGE));
    SHOW(close(reader));
}

static void private(int fd)
{
    char *p;
    int reader;

    SHOW(reader = open("/tmp/mapped", O_RDONLY));
    SHOW(mapped(p = mmap(NULL, 2 * PAGE, RW, MAP_PRIVATE, reader, 0)));
    SHOW(p[0]);
    p[0] = 'P';
    SHOW(pread(fd, data, 1, 0));
    SHOW(data[0]);
    SHOW(munmap(p, 2 * PAGE));
    SHOW(close(reader));
}

/* The mapping keeps the file, whatever becomes of its name and its descriptors. */
static void
kept(void)
{
    char *p;
    int fd;

    SHOW(fd = open("/run/kept", O_RDWR | O_CREAT, 0600));
    SHOW(ftruncate(fd, 3 * PAGE));
    SHOW(mapped(p = mmap(NULL, 3 * PAGE, RW, MAP_SHARED, fd, 0)));
    SHOW(close(fd));
    p[0] = p[PAGE] = p[2 * PAGE] = 'k';
    SHOW(fd = open("/run/kept", O_RDONLY));
    SHOW(pread(fd, data, 1, PAGE));
    SHOW(data[0]);
    SHOW(close(fd));
    SHOW(unlink("/run/kept"));
    p[1] = 'k';
    SHOW(p[0] + p[1]);
    SHOW(munmap(p + PAGE, PAGE)); /* out of the middle */
    SHOW(p[0] + p[2 * PAGE]);
    SHOW(munmap(p, PAGE));
    SHOW(p[2 * PAGE]);
    SHOW(munmap(p + 2 * PAGE, PAGE));
    SHOW(munmap(p, 3 * PAGE));
}

static void
lengths(int fd)
{
    char *p;

    SHOW(ftruncate(fd, 100));
    SHOW(mapped(p = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0)));
    SHOW(p[50] + p[100]);
    SHOW(ftruncate(fd, 2 * PAGE)); /* now there is more to map */
    p[PAGE + 5] = 'g';
    SHOW(pread(fd, data, 1, PAGE + 5));
    SHOW(data[0]);
    SHOW(ftruncate(fd, PAGE));
    SHOW(ftruncate(fd, 2 * PAGE));
    SHOW(p[PAGE + 5]);
    SHOW(munmap(p, 2 * PAGE));
}

static void
moving(int fd)
{
    char *p, *q;

    SHOW(ftruncate(fd, 0));
    SHOW(pwrite(fd, "start", 5, 0));
    SHOW(ftruncate(fd, 40 * PAGE));
    SHOW(mapped(p = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0)));
    SHOW(mapped(q = mremap(p, PAGE, 40 * PAGE, MREMAP_MAYMOVE)));
    SHOW_TRUTH(memcmp(q, "start", 5) == 0);
    q[39 * PAGE] = 'e';
    SHOW(pread(fd, data, 1, 39 * PAGE));
    SHOW(data[0]);
    SHOW(ftruncate(fd, 400 * PAGE));
    SHOW(mapped(p = mremap(q, 40 * PAGE, 400 * PAGE, MREMAP_MAYMOVE)));
    SHOW(p[39 * PAGE]);
    p[399 * PAGE] = 'f';
    SHOW(pread(fd, data, 1, 399 * PAGE));
    SHOW(data[0]);
    SHOW(mapped(mremap(p, 400 * PAGE, 2 * PAGE, 0)));
    SHOW(p[0]);
    SHOW(madvise(p, 2 * PAGE, MADV_DONTNEED));
    SHOW(p[0]); /* a file is what it was */
    SHOW(munmap(p, 2 * PAGE));
}

static void
errors(int fd)
{
    int other;

    SHOW(mapped(mmap(NULL, 0, RW, MAP_SHARED, fd, 0)));
    SHOW(mapped(mmap(NULL, PAGE, RW, MAP_SHARED, fd, 100)));
    SHOW(mapped(mmap(NULL, PAGE, RW, MAP_SHARED, 99, 0)));
    SHOW(mapped(mmap(NULL, PAGE, RW, 0, fd, 0)));
    SHOW(other = open("/tmp/mapped", O_WRONLY));
    SHOW(mapped(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, other, 0)));
    SHOW(mapped(mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, other, 0)));
    SHOW(close(other));
    SHOW(other = open("/tmp/mapped", O_PATH));
    SHOW(mapped(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, other, 0)));
    SHOW(close(other));
    SHOW(other = open("/tmp", O_RDONLY));
    SHOW(mapped(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, other, 0)));
    SHOW(close(other));
}

static void
synchronising(int fd)
{
    char *p;
    unsigned char there[3] = {0};

    SHOW(mapped(p = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0)));
    p[0] = p[PAGE] = 1;
    SHOW(msync(p, 2 * PAGE, MS_SYNC));
    SHOW(msync(p, 100, MS_ASYNC));
    SHOW(msync(p, PAGE, MS_INVALIDATE));
    SHOW(msync(p, 0, MS_SYNC));
    SHOW(msync(p + 1, PAGE, MS_SYNC));
    SHOW(msync(p, PAGE, MS_SYNC | MS_ASYNC));
    SHOW(msync(p, PAGE, 77));
    SHOW(mincore(p, 2 * PAGE, there));
    SHOW((there[0] & 1) + (there[1] & 1));
    SHOW(mincore(p + 1, PAGE, there));
    SHOW(mlock(p, PAGE));
    SHOW(mlock(p + 100, 10));
    SHOW(munlock(p, PAGE));
    SHOW(mlock(data, 1));
    SHOW(munlock(data, 1));
    SHOW(mlockall(MCL_CURRENT | MCL_FUTURE));
    SHOW(mlockall(0));
    SHOW(mlockall(77));
    SHOW(munlockall());
    SHOW(munmap(p, 2 * PAGE));
    SHOW(msync(p, PAGE, MS_SYNC));
    SHOW(mincore(p, PAGE, there));
}

/* What a mapping takes is taken from the file system, and comes back. */
static void
given_back(void)
{
    struct statvfs before, between, after;
    char *p;
    int fd;

    SHOW(statvfs("/run", &before));
    SHOW(fd = open("/run/given", O_RDWR | O_CREAT, 0600));
    SHOW(ftruncate(fd, 100 * PAGE));
    SHOW(mapped(p = mmap(NULL, 100 * PAGE, RW, MAP_SHARED, fd, 0)));
    memset(p, 1, 100 * PAGE);
    SHOW(statvfs("/run", &between));
    SHOW(before.f_bfree - between.f_bfree);
    SHOW(unlink("/run/given"));
    SHOW(close(fd));
    SHOW(statvfs("/run", &between));
    SHOW(before.f_bfree - between.f_bfree);
    SHOW(munmap(p, 100 * PAGE));
    SHOW(statvfs("/run", &after));
    SHOW(before.f_bfree - after.f_bfree);
}

void
mappings(void)
{
    int fd;

    SHOW(fd = open("/tmp/mapped", O_RDWR | O_CREAT | O_EXCL, 0644));
    both_ways(fd);
    private(fd);
    kept();
    lengths(fd);
    moving(fd);
    errors(fd);
    synchronising(fd);
    SHOW(close(fd));
    SHOW(unlink("/tmp/mapped"));
    given_back();
}

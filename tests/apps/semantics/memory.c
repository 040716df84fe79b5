/* malloc and the calls below it: what is granted, refused, kept and given back. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "show.h"

#define PAGE 4096
#define RW   (PROT_READ | PROT_WRITE)

/* 0, or -1 with errno. */
static int
mapped(void *place)
{
    return place == MAP_FAILED ? -1 : 0;
}

static void *
anonymous(size_t size, int prot)
{
    return mmap(NULL, size, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void
allocation(void)
{
    volatile size_t huge = SIZE_MAX / 2 + 1;
    char *p, *q;

    SHOW(malloc(huge) ? 0 : -1);
    SHOW(calloc(huge, 2) ? 0 : -1);
    SHOW_TRUTH((p = malloc(0)) != NULL);
    free(p);
    SHOW_TRUTH((p = calloc(1000, 300)) != NULL);
    SHOW(p[0] + p[299999]);
    strcpy(p, "kept");
    SHOW_TRUTH((q = realloc(p, 3000000)) != NULL);
    SHOW_TEXT(q);
    SHOW_TRUTH((p = realloc(q, 10)) != NULL);
    SHOW(p[3]);
    free(p);
    SHOW_CODE(posix_memalign((void **)&p, 3, 100));
    SHOW_CODE(posix_memalign((void **)&p, 65536, 100));
    SHOW((uintptr_t)p % 65536);
    free(p);
    SHOW(aligned_alloc(3, 100) ? 0 : -1);
    SHOW_TRUTH(sbrk(0) != NULL);
}

static void
mapping(void)
{
    char *p;

    SHOW(mapped(anonymous(0, RW)));
    SHOW(mapped(anonymous(SIZE_MAX - PAGE, RW)));
    SHOW(mapped(mmap(NULL, PAGE, RW, MAP_ANONYMOUS, -1, 0)));
    SHOW(mapped(mmap(NULL, PAGE, RW, MAP_PRIVATE, -1, 0)));
    SHOW(mapped(mmap(NULL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 3)));
    SHOW(mapped(p = anonymous(3 * PAGE, RW)));
    SHOW(p[0] + p[3 * PAGE - 1]);
    memset(p, 1, 3 * PAGE);
    SHOW(munmap(p + 1, PAGE));
    SHOW(munmap(p, 0));
    SHOW(munmap(p + PAGE, PAGE));
    SHOW(munmap(p + PAGE, PAGE)); /* nothing there is no error */
    SHOW(p[0] + p[2 * PAGE]);
    SHOW(mprotect(p, 3 * PAGE, RW)); /* a hole is one */
    SHOW(munmap(p, 3 * PAGE));
    SHOW(munmap((void *)16, PAGE));
    SHOW(mprotect(p + 1, PAGE, RW));
    SHOW(mprotect(p, 0, RW));
}

static void
files_in_memory(void)
{
    char *p;
    int fd;

    SHOW(fd = open("/long.txt", O_RDONLY));
    SHOW(mapped(p = mmap(NULL, 9000, PROT_READ, MAP_PRIVATE, fd, 0)));
    SHOW(p[0]);
    SHOW(p[8999]);
    SHOW(p[9000]);
    SHOW(munmap(p, 9000));
    SHOW(mapped(p = mmap(NULL, 100, RW, MAP_PRIVATE, fd, PAGE)));
    SHOW(p[0]);
    p[0] = 'X';
    SHOW(pread(fd, p + 1, 1, PAGE));
    SHOW(p[1]);
    SHOW(munmap(p, 100));
    SHOW(mapped(p = mmap(NULL, 100, PROT_READ, MAP_SHARED, fd, 0)));
    SHOW(p[25]);
    SHOW(munmap(p, 100));
    SHOW(mapped(mmap(NULL, 100, RW, MAP_SHARED, fd, 0)));
    SHOW(mapped(mmap(NULL, 100, PROT_READ, MAP_PRIVATE, fd, 100)));
    SHOW(close(fd));
    SHOW(fd = open("/dev/null", O_WRONLY));
    SHOW(mapped(mmap(NULL, 100, PROT_READ, MAP_PRIVATE, fd, 0)));
    SHOW(close(fd));
}

static void
protection(void)
{
    char *p = anonymous(4 * PAGE, RW), *q;

    strcpy(p, "text");
    SHOW(mprotect(p, PAGE, PROT_READ));
    SHOW_TEXT(p);
    SHOW(mprotect(p, PAGE, PROT_NONE));
    SHOW(mprotect(p, PAGE, PROT_READ));
    SHOW_TEXT(p);
    SHOW(mprotect(p, 4 * PAGE, PROT_READ));
    SHOW(mapped(q = mremap(p, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE)));
    SHOW_TEXT(q);
    SHOW(q[7 * PAGE]);
    SHOW(mprotect(q, 8 * PAGE, RW));
    strcpy(q, "writable again");
    SHOW_TEXT(q);
    SHOW(mprotect(q, PAGE, PROT_READ));
    SHOW(mapped(mremap(q, 8 * PAGE, 16 * PAGE, MREMAP_MAYMOVE))); /* two protections */
    SHOW(munmap(q, 8 * PAGE));
    SHOW(mapped(p = anonymous(PAGE, PROT_NONE)));
    SHOW(mapped(q = mremap(p, PAGE, 2 * PAGE, MREMAP_MAYMOVE)));
    SHOW(mprotect(q, 2 * PAGE, RW));
    SHOW(q[0] + q[2 * PAGE - 1]);
    SHOW(munmap(q, 2 * PAGE));
}

static void
moving(void)
{
    char *p = anonymous(2 * PAGE, RW), *q;

    strcpy(p, "moved");
    SHOW(mapped(mremap(p + 1, PAGE, 2 * PAGE, MREMAP_MAYMOVE)));
    SHOW(mapped(mremap(p, 2 * PAGE, 0, MREMAP_MAYMOVE)));
    SHOW(mapped(mremap(p, 2 * PAGE, 4 * PAGE, 77)));
    SHOW_TRUTH(mremap(p, 2 * PAGE, 2 * PAGE, 0) == p);
    SHOW(mapped(q = mremap(p, 2 * PAGE, 100 * PAGE, MREMAP_MAYMOVE)));
    SHOW_TEXT(q);
    SHOW(q[100 * PAGE - 1]);
    SHOW_TRUTH(mremap(q, 100 * PAGE, PAGE, 0) == q);
    SHOW_TEXT(q);
    SHOW(munmap(q, PAGE));
    SHOW(mapped(mremap(q, PAGE, 2 * PAGE, MREMAP_MAYMOVE)));
}

static void
advice(void)
{
    char *p = anonymous(2 * PAGE, RW);

    memset(p, 1, 2 * PAGE);
    SHOW(madvise(p, PAGE, MADV_DONTNEED));
    SHOW(p[0]);
    SHOW(p[PAGE]);
    SHOW(madvise(p + 1, PAGE, MADV_DONTNEED));
    SHOW(madvise(p, PAGE, MADV_WILLNEED));
    SHOW(madvise(p, 0, MADV_DONTNEED));
    SHOW(madvise(p, PAGE, 77));
    SHOW(madvise(p, PAGE, -1));
    SHOW(munmap(p, 2 * PAGE));
    SHOW(madvise(p, PAGE, MADV_DONTNEED));
}

/* What is given up reads as zeroes, whatever the protection; a file is what it was. */
static void
given_up(void)
{
    char *p = anonymous(3 * PAGE, RW);
    int fd;

    memset(p, 1, 3 * PAGE);
    SHOW(mprotect(p, PAGE, PROT_READ));
    SHOW(mprotect(p + PAGE, PAGE, PROT_NONE));
    SHOW(madvise(p, 2 * PAGE + 1, MADV_DONTNEED));
    SHOW(p[0]);
    SHOW(p[2 * PAGE]);
    SHOW(mprotect(p + PAGE, PAGE, PROT_READ));
    SHOW(p[PAGE]);
    SHOW(mprotect(p, 3 * PAGE, RW));
    p[0] = p[PAGE] = 2;
    SHOW(p[0] + p[PAGE]);
    SHOW(munmap(p, 3 * PAGE));
    SHOW(fd = open("/long.txt", O_RDONLY));
    SHOW(mapped(p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0)));
    SHOW(close(fd));
    SHOW(madvise(p, PAGE, MADV_DONTNEED));
    SHOW(p[1]);
    SHOW(mprotect(p, PAGE, RW));
    SHOW(madvise(p, PAGE, MADV_DONTNEED));
    SHOW(p[1]);
    SHOW(mapped(p = mremap(p, PAGE, 2 * PAGE, MREMAP_MAYMOVE)));
    SHOW(madvise(p, PAGE, MADV_DONTNEED));
    SHOW(p[1]);
    SHOW(mapped(mmap(p, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)));
    p[1] = 3;
    SHOW(madvise(p, PAGE, MADV_DONTNEED));
    SHOW(p[1]);
    SHOW(munmap(p, 2 * PAGE));
}

/* Address space is reserved first, and used where the program wants it. */
static void
reserved(void)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS;
    char *p;

    SHOW(mapped(p = mmap(NULL, 8 * PAGE, PROT_NONE, flags | MAP_NORESERVE, -1, 0)));
    SHOW_TRUTH(mmap(p + PAGE, 2 * PAGE, RW, flags | MAP_FIXED, -1, 0) == p + PAGE);
    SHOW(p[PAGE] + p[3 * PAGE - 1]);
    memset(p + PAGE, 1, 2 * PAGE);
    SHOW(mprotect(p + 3 * PAGE, PAGE, RW));
    p[3 * PAGE] = 2;
    SHOW(p[3 * PAGE - 1] + p[3 * PAGE]);
    SHOW_TRUTH(mmap(p + 2 * PAGE, PAGE, PROT_NONE, flags | MAP_FIXED, -1, 0) == p + 2 * PAGE);
    SHOW(mprotect(p + 2 * PAGE, PAGE, RW));
    SHOW(p[2 * PAGE]); /* what was there is gone */
    SHOW(p[PAGE]);
    SHOW(mapped(mmap(p + 1, PAGE, RW, flags | MAP_FIXED, -1, 0)));
    SHOW(munmap(p, 8 * PAGE));
}

void
memory(void)
{
    allocation();
    mapping();
    files_in_memory();
    protection();
    moving();
    advice();
    given_up();
    reserved();
}

/* malloc under load, and mmap's family. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "libctest.h"

#define BLOCKS 256

struct block {
    unsigned char *at;
    size_t size;
    unsigned char fill;
};

static unsigned state = 7;

static unsigned
below(unsigned limit)
{
    state = state * 1664525 + 1013904223;
    return (state >> 8) % limit;
}

static bool
is_intact(const struct block *b)
{
    for (size_t i = 0; i < b->size; i++)
        if (b->at[i] != b->fill)
            return false;
    return true;
}

/* Small ones mostly, some of several pages, a few that malloc maps one by one. */
static size_t
some_size(void)
{
    unsigned kind = below(20);

    return kind < 15 ? below(500) + 1 : kind < 19 ? below(8000) + 1 : below(200000) + 1;
}

static void
malloc_keeps_blocks_apart(void)
{
    static struct block blocks[BLOCKS];

    for (int round = 0; round < 20000; round++) {
        struct block *b = &blocks[below(BLOCKS)];
        size_t size = some_size();
        CHECK(is_intact(b));
        if (b->at && below(3) == 0) {
            unsigned char *grown = realloc(b->at, size);
            CHECK(grown);
            b->at = grown;
            b->size = b->size < size ? b->size : size;
            CHECK(is_intact(b));
        } else {
            free(b->at);
            b->at = malloc(size);
            CHECK(b->at && (unsigned long)b->at % 16 == 0);
        }
        b->size = size;
        b->fill = (unsigned char)below(256);
        memset(b->at, b->fill, size);
    }
    for (int i = 0; i < BLOCKS; i++) {
        CHECK(is_intact(&blocks[i]));
        free(blocks[i].at);
        blocks[i].at = NULL;
        blocks[i].size = 0;
    }
}

static void
malloc_fails_politely(void)
{
    volatile size_t huge = 0x7f000000;

    CHECK(malloc(huge) == NULL && errno == ENOMEM);
    CHECK(calloc(huge, 4) == NULL);
}

/* 64 MiB in and out, a piece at a time: what is freed can be had again. */
static void
malloc_gives_back(void)
{
    for (int i = 0; i < 64; i++) {
        char *p = malloc(1 << 20);
        CHECK(p);
        memset(p, i, 1 << 20);
        free(p);
    }
}

static void
maps_pages(void)
{
    char *p = mmap(NULL, 5 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(p != MAP_FAILED && (unsigned long)p % 4096 == 0);
    for (int i = 0; i < 5 * 4096; i++)
        CHECK(p[i] == 0);
    memset(p, 1, 5 * 4096);
    CHECK(mprotect(p, 4096, PROT_NONE) == 0);
    CHECK(mprotect(p, 4096, PROT_READ) == 0 && p[0] == 1);
    CHECK(madvise(p + 4096, 4096, MADV_DONTNEED) == 0 && p[4096] == 0 && p[8192] == 1);
    CHECK(munmap(p + 3 * 4096, 2 * 4096) == 0);
    p = mremap(p + 4096, 2 * 4096, 9 * 4096, MREMAP_MAYMOVE);
    CHECK(p != MAP_FAILED && p[4096] == 1 && p[2 * 4096] == 0);
    CHECK(munmap(p, 9 * 4096) == 0);
}

static void
mmap_refuses(void)
{
    char local;

    CHECK(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
    CHECK(mmap((void *)0x400000, 4096, PROT_READ, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1,
               0) == MAP_FAILED &&
          errno == EINVAL);
    CHECK(munmap((void *)0x123, 4096) == -1 && errno == EINVAL);
    CHECK(mprotect((void *)((unsigned long)&local & ~4095ul), 4096, PROT_READ) == -1 &&
          errno == ENOMEM);
    CHECK(munmap((void *)0xfff00000, 4096) == 0); /* nothing there: nothing happens */
    CHECK(munmap((void *)0x100000, 4096) == 0);   /* the image is not the program's to unmap */
}

void
memory_tests(void)
{
    RUN(malloc_keeps_blocks_apart);
    RUN(malloc_fails_politely);
    RUN(malloc_gives_back);
    RUN(maps_pages);
    RUN(mmap_refuses);
}

/*
 * kernel/memory.h over host memory. Pages come from one arena below 4 GiB, since a legacy
 * device is told page numbers of 32 bits; the heap is the host's, under the sanitizer's eyes.
 * Free pages hold a poison and are closed to the sanitizer, so that code which uses what it
 * gave back, and a device that does, are both caught.
 */
#include <sanitizer/asan_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "kernel/memory.h"
#include "shim.h"

#define ARENA_PAGES 16384u /* 64 MiB */

static char *arena;
static bool taken[ARENA_PAGES];
static long fail_after = -1;
static bool fail_all;
static unsigned live, pages;
static size_t told;

/* True if this allocation is one that the test wants to see fail. */
static bool
fail_now(void)
{
    if (fail_all)
        return true;
    if (fail_after < 0)
        return false;
    return fail_after-- == 0;
}

static void
arena_make(void)
{
    arena = mmap(NULL, ARENA_PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    if (arena == MAP_FAILED) {
        perror("shim: no memory below 4 GiB");
        abort();
    }
    memset(arena, SHIM_PAGE_POISON, ARENA_PAGES * PAGE_SIZE);
    ASAN_POISON_MEMORY_REGION(arena, ARENA_PAGES * PAGE_SIZE);
}

static bool
run_free(size_t first, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (taken[first + i])
            return false;
    return true;
}

void *
pages_alloc_aligned(size_t count, size_t align)
{
    if (!arena)
        arena_make();
    if (count == 0 || count > ARENA_PAGES || fail_now())
        return NULL;
    for (size_t i = 0; i + count <= ARENA_PAGES; i++) {
        char *base = arena + i * PAGE_SIZE;
        if ((uintptr_t)base % align || !run_free(i, count))
            continue;
        memset(&taken[i], true, count);
        ASAN_UNPOISON_MEMORY_REGION(base, count * PAGE_SIZE);
        memset(base, 0, count * PAGE_SIZE);
        live += count;
        pages += count;
        return base;
    }
    return NULL;
}

void *
pages_alloc(size_t count)
{
    return pages_alloc_aligned(count, PAGE_SIZE);
}

/* What is left in it is the poison. */
void *
pages_alloc_raw(size_t count)
{
    void *base = pages_alloc(count);

    if (base)
        memset(base, SHIM_PAGE_POISON, count * PAGE_SIZE);
    return base;
}

void
pages_free(void *base, size_t count)
{
    size_t first = ((char *)base - arena) / PAGE_SIZE;

    for (size_t i = first; i < first + count; i++) {
        if (i >= ARENA_PAGES || !taken[i]) {
            fprintf(stderr, "shim: page %p is freed and was not allocated\n", base);
            abort();
        }
        taken[i] = false;
    }
    /* A stack still has the marks of the frames that were left on it. */
    ASAN_UNPOISON_MEMORY_REGION(base, count * PAGE_SIZE);
    memset(base, SHIM_PAGE_POISON, count * PAGE_SIZE);
    ASAN_POISON_MEMORY_REGION(base, count * PAGE_SIZE);
    live -= count;
    pages -= count;
}

bool
pages_contain(const void *base, size_t len)
{
    uintptr_t at = (uintptr_t)base - (uintptr_t)arena;

    return arena && at < ARENA_PAGES * PAGE_SIZE && len <= ARENA_PAGES * PAGE_SIZE - at;
}

void
memory_info(struct memory_info *out)
{
    size_t free = told ? told : ARENA_PAGES * PAGE_SIZE;

    *out = (struct memory_info){.total = free, .free = free};
}

void
shim_memory_tell(size_t free)
{
    told = free;
}

void *
kmalloc_raw(size_t size)
{
    if (fail_now())
        return NULL;
    void *p = malloc(size);
    if (p) {
        live++;
        memset(p, SHIM_PAGE_POISON, size);
    }
    return p;
}

void *
kmalloc(size_t size)
{
    void *p = kmalloc_raw(size);

    return p ? memset(p, 0, size) : NULL;
}

void
kfree(void *p)
{
    if (p)
        live--;
    free(p);
}

char *
kstrdup(const char *text)
{
    char *copy = kmalloc(strlen(text) + 1);

    return copy ? strcpy(copy, text) : NULL;
}

void
shim_memory_fail_after(long n)
{
    fail_after = n;
}

void
shim_memory_fail_all(bool on)
{
    fail_all = on;
}

unsigned
shim_memory_live(void)
{
    return live;
}

unsigned
shim_memory_pages(void)
{
    return pages;
}

void
shim_memory_forget(void)
{
    live = pages = 0;
    fail_after = -1;
    fail_all = false;
}

bool
shim_memory_bad(const void *base, size_t len)
{
    return __asan_region_is_poisoned((void *)base, len);
}

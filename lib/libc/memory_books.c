/*
 * The books of mmap's family: a byte for each page of RAM says whether it belongs to the program
 * (munmap of anything else touches nothing, as on Linux), its protection, since it must get the
 * usual one back before it returns to the kernel, whether it was read from a file, and whether it is
 * one of a file's own (memory_shared.c), whose protection stays what the file needs. On a platform
 * without paging protections are accepted and have no effect.
 */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "kernel/string.h"
#include "lib/libc/abi.h"
#include "lib/libc/memory.h"

static uint8_t *books; /* by page number; NULL before the first mapping */
static uintptr_t nr_pages;

uint8_t
memory_entry(uintptr_t page)
{
    return page < nr_pages ? books[page] : MEMORY_NOT_OURS;
}

bool
memory_have_books(void)
{
    struct memory_info memory;

    if (books)
        return true;
    memory_info(&memory);
    nr_pages = PAGE_ALIGN(memory.highest) >> PAGE_SHIFT;
    books = pages_alloc(PAGE_ALIGN(nr_pages) >> PAGE_SHIFT);
    if (!books)
        nr_pages = 0;
    return books;
}

bool
memory_owns(uintptr_t page, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (memory_entry(page + i) == MEMORY_NOT_OURS)
            return false;
    return true;
}

void
memory_set_shared(uintptr_t page, size_t count)
{
    memset(books + page, MEMORY_OURS(PAGE_RW) | MEMORY_OF_FILE | MEMORY_SHARED, count);
}

void
memory_set_new(uintptr_t page, size_t count)
{
    memset(books + page, MEMORY_OURS(PAGE_RW), count);
}

void
memory_set_file(uintptr_t page, size_t count)
{
    for (size_t i = 0; i < count; i++)
        books[page + i] |= MEMORY_OF_FILE;
}

void
memory_set_free(uintptr_t page, size_t count)
{
    memset(books + page, MEMORY_NOT_OURS, count);
}

bool
memory_is_shared(uintptr_t page)
{
    return memory_entry(page) & MEMORY_SHARED;
}

/* How many of the pages are shared like the first one, or not like it. */
static size_t
alike(uintptr_t page, size_t count)
{
    size_t run = 1;

    while (run < count && memory_is_shared(page + run) == memory_is_shared(page))
        run++;
    return run;
}

bool
memory_in_pages(uintptr_t base, size_t len, size_t *count)
{
    *count = PAGE_ALIGN(len) >> PAGE_SHIFT;
    return *count > 0 && len <= INT32_MAX && base + len >= base;
}

/* ---- protection ---- */

enum page_prot
memory_prot(int prot)
{
    if (prot & ABI_PROT_EXEC)
        return prot & ABI_PROT_WRITE ? PAGE_RWX : PAGE_RX;
    return prot & ABI_PROT_WRITE ? PAGE_RW : prot & ABI_PROT_READ ? PAGE_RO : PAGE_NONE;
}

static int
protect_own(uintptr_t page, size_t count, enum page_prot prot)
{
    int error = platform->protect((void *)(page << PAGE_SHIFT), count << PAGE_SHIFT, prot);

    if (error && error != -ENOTSUP)
        return error;
    for (size_t i = 0; i < count; i++)
        books[page + i] = (uint8_t)((books[page + i] & MEMORY_OF_FILE) | MEMORY_OURS(prot));
    return 0;
}

int
memory_protect(uintptr_t page, size_t count, enum page_prot prot)
{
    for (size_t run; count > 0; page += run, count -= run) {
        run = alike(page, count);
        int error = memory_is_shared(page) ? 0 : protect_own(page, run, prot);
        if (error)
            return error;
    }
    return 0;
}

/* Give pages back to the kernel, readable and writable as it expects them. */
static int
release_own(uintptr_t page, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int error = MEMORY_PROT_OF(books[page + i]) == PAGE_RW
                        ? 0
                        : memory_protect(page + i, 1, PAGE_RW);
        if (error)
            return error; /* no memory for the page tables: the rest stays mapped */
    }
    memory_set_free(page, count);
    pages_free((void *)(page << PAGE_SHIFT), count);
    return 0;
}

int
memory_release(uintptr_t page, size_t count)
{
    for (size_t run; count > 0; page += run, count -= run) {
        run = alike(page, count);
        int error = memory_is_shared(page) ? shared_unmap(page, run) : release_own(page, run);
        if (error)
            return error;
    }
    return 0;
}

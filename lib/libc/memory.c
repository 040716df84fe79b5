/*
 * The memory that malloc and thread stacks are made of: mmap and its family, on the kernel's
 * pages. Addresses are physical and every mapping is backed at once, so what mmap gives is there,
 * and address space that a program reserves (PROT_NONE) costs as much as memory does. The place
 * of a mapping can be chosen inside of memory that the program has already (MAP_FIXED). brk always
 * refuses, which musl's malloc takes as "use mmap".
 *
 * A byte for each page of RAM keeps the books: whether it belongs to the program (munmap of
 * anything else touches nothing, as on Linux), its protection, since it must get the usual
 * one back before it returns to the kernel, and whether it was read from a file. On a platform
 * without paging protections are accepted and have no effect.
 *
 * None of these calls is a known point (syscall.h says why). The one exception reads a file
 * into a mapping, and malloc never asks for that.
 */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "kernel/string.h"
#include "lib/libc/abi.h"
#include "lib/libc/file.h"
#include "lib/libc/part.h"
#include "lib/libc/syscall.h"

PART(memory);

#define NOT_OURS       0
#define OURS(prot)     ((uint8_t)((prot) + 1)) /* of enum page_prot */
#define PROT_OF(entry) ((enum page_prot)(((entry) & ~OF_FILE) - 1))
#define OF_FILE        0x80 /* beside it */

static uint8_t *books; /* by page number; NULL before the first mapping */
static uintptr_t nr_pages;

/* The stack that a detached thread gave back while it stood on it. */
static struct {
    uintptr_t base;
    size_t pages;
    int owner; /* thread id */
} abandoned;

/* ---- books ---- */

static uint8_t
entry(uintptr_t page)
{
    return page < nr_pages ? books[page] : NOT_OURS;
}

static bool
make_books(void)
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

/* True if `count` pages from `page` on are all the program's. */
static bool
owns(uintptr_t page, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (entry(page + i) == NOT_OURS)
            return false;
    return true;
}

/* Whole pages; false if the length is 0 or the range wraps. */
static bool
in_pages(uintptr_t base, size_t len, size_t *count)
{
    *count = PAGE_ALIGN(len) >> PAGE_SHIFT;
    return *count > 0 && len <= INT32_MAX && base + len >= base;
}

/* ---- protection ---- */

static enum page_prot
to_prot(int prot)
{
    return prot & ABI_PROT_EXEC    ? PAGE_RWX
           : prot & ABI_PROT_WRITE ? PAGE_RW
           : prot & ABI_PROT_READ  ? PAGE_RO
                                   : PAGE_NONE;
}

static int
protect(uintptr_t page, size_t count, enum page_prot prot)
{
    int error = platform->protect((void *)(page << PAGE_SHIFT), count << PAGE_SHIFT, prot);

    if (error && error != -ENOTSUP)
        return error;
    for (size_t i = 0; i < count; i++)
        books[page + i] = (uint8_t)((books[page + i] & OF_FILE) | OURS(prot));
    return 0;
}

/* Give pages back to the kernel, readable and writable as it expects them. */
static int
release(uintptr_t page, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int error =
            PROT_OF(books[page + i]) == PAGE_RW ? 0 : protect(page + i, 1, PAGE_RW);
        if (error)
            return error; /* no memory for the page tables: the rest stays mapped */
    }
    memset(books + page, NOT_OURS, count);
    pages_free((void *)(page << PAGE_SHIFT), count);
    return 0;
}

/* ---- stacks of ended threads ---- */

/*
 * musl's detached threads unmap their own stack and then exit without using it, which on
 * Linux is safe. Here a little more code runs on that stack until the switch to the next
 * thread, so the pages are kept until another thread needs or frees memory: by then the
 * owner is gone for good.
 */
static void
release_abandoned(void)
{
    if (abandoned.pages == 0 || thread_current()->id == abandoned.owner)
        return;
    size_t pages = abandoned.pages;
    abandoned.pages = 0;
    release(abandoned.base >> PAGE_SHIFT, pages);
}

static bool
stands_on(uintptr_t base, size_t len)
{
    return (uintptr_t)__builtin_frame_address(0) - base < len;
}

/* ---- mapping ---- */

static void *
map(size_t count)
{
    void *base = NULL;

    release_abandoned();
    if (make_books())
        base = pages_alloc(count);
    if (base)
        memset(books + ((uintptr_t)base >> PAGE_SHIFT), OURS(PAGE_RW), count);
    return base;
}

/* Anew where the program has memory already: zeroes, as a new mapping. */
static void *
map_over(uintptr_t base, size_t count)
{
    uintptr_t page = base >> PAGE_SHIFT;

    if (protect(page, count, PAGE_RW))
        return NULL;
    memset(books + page, OURS(PAGE_RW), count);
    memset((void *)base, 0, count << PAGE_SHIFT);
    return (void *)base;
}

static void
mark_as_file(uintptr_t page, size_t count)
{
    for (size_t i = 0; i < count; i++)
        books[page + i] |= OF_FILE;
}

/* A mapped file is a copy that was read once. */
static long
read_file(int fd, char *to, size_t len, uint64_t at)
{
    struct file *file = fd_get(fd);
    size_t done = 0;
    long n = 1;

    if (!file)
        return -EBADF;
    if (!file->ops->pread)
        return -ENODEV;
    file_hold(file);
    while (done < len && n > 0) {
        n = file->ops->pread(file, to + done, len - done, at + done);
        done += n > 0 ? (size_t)n : 0;
    }
    file_release(file);
    return n == -EISDIR ? -ENODEV : MIN(n, 0);
}

/* Which file a mapping may have: what is written to a shared one would never reach it. */
static long
check_file(int fd, int prot, int flags)
{
    const struct file *file = fd_get(fd);

    if (!file)
        return -EBADF;
    unsigned mode = file->flags & FILE_O_ACCMODE;
    if (mode == FILE_O_WRONLY)
        return -EACCES;
    if (!(flags & ABI_MAP_SHARED) || !(prot & ABI_PROT_WRITE))
        return 0;
    return mode == FILE_O_RDWR ? -ENODEV : -EACCES;
}

SYSCALL(192, mmap2, uintptr_t address, size_t len, int prot, int flags, int fd,
        uint32_t page_offset)
{
    size_t count;
    long error = 0;

    if (len == 0 || ((flags & ABI_MAP_FIXED) && address % PAGE_SIZE))
        return -EINVAL;
    if (!(flags & (ABI_MAP_PRIVATE | ABI_MAP_SHARED)))
        return -EINVAL;
    if (!(flags & ABI_MAP_ANONYMOUS))
        error = check_file(fd, prot, flags);
    if (error)
        return error;
    if (!in_pages(0, len, &count))
        return -ENOMEM;
    bool fixed = flags & ABI_MAP_FIXED;
    if (fixed && !owns(address >> PAGE_SHIFT, count))
        return -EINVAL; /* the place of a page cannot be chosen */
    char *base = fixed ? map_over(address, count) : map(count);
    if (!base)
        return -ENOMEM;
    uintptr_t page = (uintptr_t)base >> PAGE_SHIFT;
    if (!(flags & ABI_MAP_ANONYMOUS))
        error = read_file(fd, base, len, (uint64_t)page_offset << PAGE_SHIFT);
    if (!error && !(flags & ABI_MAP_ANONYMOUS))
        mark_as_file(page, count);
    if (!error && to_prot(prot) != PAGE_RW)
        error = protect(page, count, to_prot(prot));
    if (error && !fixed)
        release(page, count);
    return error ? error : (long)base;
}

static long
unmap(uintptr_t base, size_t len)
{
    size_t count;

    if (base % PAGE_SIZE || !in_pages(base, len, &count))
        return -EINVAL;
    uintptr_t page = base >> PAGE_SHIFT, end = page + count;
    while (page < end) {
        size_t run = 0;
        while (page + run < end && entry(page + run) != NOT_OURS)
            run++;
        int error = run ? release(page, run) : 0;
        if (error)
            return error;
        page += run + 1;
    }
    return 0;
}

SYSCALL(91, munmap, uintptr_t base, size_t len)
{
    len = PAGE_ALIGN(len);
    release_abandoned();
    if (!stands_on(base, len))
        return unmap(base, len);
    if (base % PAGE_SIZE || !owns(base >> PAGE_SHIFT, len >> PAGE_SHIFT))
        return -EINVAL;
    abandoned.base = base;
    abandoned.pages = len >> PAGE_SHIFT;
    abandoned.owner = thread_current()->id;
    return 0;
}

SYSCALL(125, mprotect, uintptr_t base, size_t len, int prot)
{
    uintptr_t page = base >> PAGE_SHIFT;
    size_t count;

    if (base % PAGE_SIZE)
        return -EINVAL;
    if (len == 0)
        return 0;
    if (!in_pages(base, len, &count) || !owns(page, count))
        return -ENOMEM;
    return protect(page, count, to_prot(prot));
}

/* One protection for all of them; -EFAULT if there is not. */
static int
common_prot(uintptr_t page, size_t count, enum page_prot *prot)
{
    *prot = PROT_OF(books[page]);
    for (size_t i = 1; i < count; i++)
        if (books[page + i] != books[page])
            return -EFAULT;
    return 0;
}

/* A new mapping and a copy, with the protection of the old one. */
static long
move(uintptr_t page, size_t old, size_t new)
{
    enum page_prot prot;
    int error = common_prot(page, old, &prot);
    char *base = error ? NULL : map(new);

    if (!base)
        return error ? error : -ENOMEM;
    if (prot == PAGE_NONE)
        error = protect(page, old, PAGE_RO); /* so that it can be copied */
    if (!error) {
        memcpy(base, (const void *)(page << PAGE_SHIFT), old << PAGE_SHIFT);
        error = prot == PAGE_RW ? 0 : protect((uintptr_t)base >> PAGE_SHIFT, new, prot);
        if (books[page] & OF_FILE)
            mark_as_file((uintptr_t)base >> PAGE_SHIFT, new);
    }
    if (error) {
        release((uintptr_t)base >> PAGE_SHIFT, new);
        return error;
    }
    release(page, old);
    return (long)base;
}

SYSCALL(163, mremap, uintptr_t base, size_t old_len, size_t new_len, int flags)
{
    uintptr_t page = base >> PAGE_SHIFT;
    size_t old, new;

    bool guard = false;

    if (base % PAGE_SIZE || (flags & ~ABI_MREMAP_MAYMOVE) || !in_pages(0, new_len, &new))
        return -EINVAL;
    /* The C library finds the end of the main thread's stack by asking for more of each page. */
    if (thread_of_stack(base, &guard) && !guard && entry(page) == NOT_OURS)
        return -ENOMEM;
    if (!in_pages(base, old_len, &old) || !owns(page, old))
        return -EFAULT;
    if (new <= old)
        return new < old &&release(page + new, old - new) ? -ENOMEM : (long)base;
    return flags & ABI_MREMAP_MAYMOVE ? move(page, old, new) : -ENOMEM;
}

static int
make_zero(uintptr_t page)
{
    enum page_prot prot = PROT_OF(books[page]);
    int error = prot == PAGE_RW ? 0 : protect(page, 1, PAGE_RW);

    if (error)
        return error;
    memset((void *)(page << PAGE_SHIFT), 0, PAGE_SIZE);
    return prot == PAGE_RW ? 0 : protect(page, 1, prot);
}

/*
 * The one advice with an effect that a program may rely on: DONTNEED reads as zeroes, whatever the
 * protection. Pages of a file, which Linux would read anew, keep what they have.
 */
SYSCALL(219, madvise, uintptr_t base, size_t len, int advice)
{
    size_t count;

    if (base % PAGE_SIZE || advice < 0 || advice > ABI_MADV_LAST)
        return -EINVAL;
    if (advice != ABI_MADV_DONTNEED || len == 0)
        return 0;
    if (!in_pages(base, len, &count))
        return -ENOMEM;
    uintptr_t page = base >> PAGE_SHIFT;
    int result = owns(page, count) ? 0 : -ENOMEM; /* which keeps nothing from being done */
    for (; count > 0; page++, count--) {
        bool plain = entry(page) != NOT_OURS && !(entry(page) & OF_FILE);
        int error = plain ? make_zero(page) : 0;
        if (error)
            return error;
    }
    return result;
}

SYSCALL(45, brk, void)
{
    return 0; /* where it is and stays: never what was asked for */
}

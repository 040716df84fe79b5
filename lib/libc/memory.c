/*
 * The memory that malloc and thread stacks are made of: mmap and its family, on the kernel's
 * pages. Addresses are physical and every mapping is backed at once, so what mmap gives is there,
 * and address space that a program reserves (PROT_NONE) costs as much as memory does. The place
 * of a mapping can be chosen inside of memory that the program has already (MAP_FIXED). brk always
 * refuses, which musl's malloc takes as "use mmap".
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
#include "lib/libc/memory.h"
#include "lib/libc/part.h"
#include "lib/libc/program.h"
#include "lib/libc/syscall.h"

PART(memory);

/* The stack that a detached thread gave back while it stood on it. */
static struct {
    uintptr_t base;
    size_t pages;
    int owner; /* thread id */
} abandoned;

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
    memory_release(abandoned.base >> PAGE_SHIFT, pages);
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
    if (memory_have_books())
        base = pages_alloc(count);
    if (base)
        memory_set_new((uintptr_t)base >> PAGE_SHIFT, count);
    return base;
}

/* Anew where the program has memory already: zeroes, as a new mapping. Not in place of a file's own
 * pages, which are there and nowhere else. */
static void *
map_over(uintptr_t base, size_t count)
{
    uintptr_t page = base >> PAGE_SHIFT;

    for (size_t i = 0; i < count; i++)
        if (memory_is_shared(page + i))
            return NULL;
    if (memory_protect(page, count, PAGE_RW))
        return NULL;
    memory_set_new(page, count);
    memset((void *)base, 0, count << PAGE_SHIFT);
    return (void *)base;
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

static bool
has_own_pages(const struct file *file)
{
    return shared_map && file->ops->storage && file->ops->storage->map;
}

/* Which file a mapping may have: what is written to a shared one has to reach it. */
static long
check_file(int fd, int prot, int flags)
{
    const struct file *file = fd_get(fd);

    if (!file || (file->flags & FILE_O_PATH))
        return -EBADF;
    unsigned mode = file->flags & FILE_O_ACCMODE;
    if (mode == FILE_O_WRONLY)
        return -EACCES;
    if (!(flags & ABI_MAP_SHARED) || !(prot & ABI_PROT_WRITE))
        return 0;
    if (mode != FILE_O_RDWR)
        return -EACCES;
    return has_own_pages(file) ? 0 : -ENODEV;
}

static long
map_shared(struct file *file, uint64_t at, size_t count)
{
    release_abandoned();
    if (!memory_have_books())
        return -ENOMEM;
    file_hold(file);
    long base = shared_map(file, at, count);
    file_release(file);
    return base;
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
    if (!memory_in_pages(0, len, &count))
        return -ENOMEM;
    bool fixed = flags & ABI_MAP_FIXED;
    if (!(flags & ABI_MAP_ANONYMOUS) && (flags & ABI_MAP_SHARED) && has_own_pages(fd_get(fd)))
        return fixed ? -ENODEV
                     : map_shared(fd_get(fd), (uint64_t)page_offset << PAGE_SHIFT, count);
    if (fixed && !memory_owns(address >> PAGE_SHIFT, count))
        return -EINVAL; /* the place of a page cannot be chosen */
    char *base = fixed ? map_over(address, count) : map(count);
    if (!base)
        return -ENOMEM;
    uintptr_t page = (uintptr_t)base >> PAGE_SHIFT;
    if (!(flags & ABI_MAP_ANONYMOUS))
        error = read_file(fd, base, len, (uint64_t)page_offset << PAGE_SHIFT);
    if (!error && !(flags & ABI_MAP_ANONYMOUS))
        memory_set_file(page, count);
    if (!error && memory_prot(prot) != PAGE_RW)
        error = memory_protect(page, count, memory_prot(prot));
    if (error && !fixed)
        memory_release(page, count);
    return error ? error : (long)base;
}

static long
unmap(uintptr_t base, size_t len)
{
    size_t count;

    if (base % PAGE_SIZE || !memory_in_pages(base, len, &count))
        return -EINVAL;
    uintptr_t page = base >> PAGE_SHIFT, end = page + count;
    while (page < end) {
        size_t run = 0;
        while (page + run < end && memory_entry(page + run) != MEMORY_NOT_OURS)
            run++;
        int error = run ? memory_release(page, run) : 0;
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
    if (base % PAGE_SIZE || !memory_owns(base >> PAGE_SHIFT, len >> PAGE_SHIFT))
        return -EINVAL;
    abandoned.base = base;
    abandoned.pages = len >> PAGE_SHIFT;
    abandoned.owner = thread_current()->id;
    program_leaves_thread = true; /* else another thread could take the memory before the end */
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
    if (!memory_in_pages(base, len, &count) || !memory_owns(page, count))
        return -ENOMEM;
    return memory_protect(page, count, memory_prot(prot));
}

/* One protection for all of them; -EFAULT if there is not. */
static int
common_prot(uintptr_t page, size_t count, enum page_prot *prot)
{
    *prot = MEMORY_PROT_OF(memory_entry(page));
    for (size_t i = 1; i < count; i++)
        if (memory_entry(page + i) != memory_entry(page))
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
        error = memory_protect(page, old, PAGE_RO); /* so that it can be copied */
    if (!error) {
        memcpy(base, (const void *)(page << PAGE_SHIFT), old << PAGE_SHIFT);
        error = prot == PAGE_RW ? 0 : memory_protect((uintptr_t)base >> PAGE_SHIFT, new, prot);
        if (memory_entry(page) & MEMORY_OF_FILE)
            memory_set_file((uintptr_t)base >> PAGE_SHIFT, new);
    }
    if (error) {
        memory_release((uintptr_t)base >> PAGE_SHIFT, new);
        return error;
    }
    memory_release(page, old);
    return (long)base;
}

SYSCALL(163, mremap, uintptr_t base, size_t old_len, size_t new_len, int flags)
{
    uintptr_t page = base >> PAGE_SHIFT;
    size_t old, new;

    bool guard = false;

    if (base % PAGE_SIZE || (flags & ~ABI_MREMAP_MAYMOVE) || !memory_in_pages(0, new_len, &new))
        return -EINVAL;
    /* The C library finds the end of the main thread's stack by asking for more of each page. */
    if (thread_of_stack(base, &guard) && !guard && memory_entry(page) == MEMORY_NOT_OURS)
        return -ENOMEM;
    if (!memory_in_pages(base, old_len, &old) || !memory_owns(page, old))
        return -EFAULT;
    if (new <= old)
        return new < old &&memory_release(page + new, old - new) ? -ENOMEM : (long)base;
    if (memory_is_shared(page))
        return shared_remap(page, old, new, flags & ABI_MREMAP_MAYMOVE);
    return flags & ABI_MREMAP_MAYMOVE ? move(page, old, new) : -ENOMEM;
}

static int
make_zero(uintptr_t page)
{
    enum page_prot prot = MEMORY_PROT_OF(memory_entry(page));
    int error = prot == PAGE_RW ? 0 : memory_protect(page, 1, PAGE_RW);

    if (error)
        return error;
    memset((void *)(page << PAGE_SHIFT), 0, PAGE_SIZE);
    return prot == PAGE_RW ? 0 : memory_protect(page, 1, prot);
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
    if (!memory_in_pages(base, len, &count))
        return -ENOMEM;
    uintptr_t page = base >> PAGE_SHIFT;
    int result =
        memory_owns(page, count) ? 0 : -ENOMEM; /* which keeps nothing from being done */
    for (; count > 0; page++, count--) {
        bool plain =
            memory_entry(page) != MEMORY_NOT_OURS && !(memory_entry(page) & MEMORY_OF_FILE);
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

/*
 * The calls for memory that programs make and musl, as Ringlet's own, does not: the break, behind the
 * program for as long as memory is free there, and mmap with its arguments in memory.
 */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "lib/libc/abi.h"
#include "lib/libc/memory.h"
#include "lib/libc/part.h"
#include "lib/linux/program.h"

PART(linux_memory);

#define MUNMAP       91
#define MMAP2        192
#define PRLIMIT64    340
#define RLIMIT_STACK 3

struct limit64 {
    uint64_t current, most;
};

static uintptr_t brk_start, brk_now;

void
linux_brk_start(uintptr_t end)
{
    brk_start = brk_now = end;
}

int
linux_memory_take(uintptr_t base, size_t len)
{
    size_t count = PAGE_ALIGN(len) >> PAGE_SHIFT;

    if (!memory_have_books() || !pages_take((void *)base, count))
        return -ENOMEM;
    memory_set_new(base >> PAGE_SHIFT, count);
    return 0;
}

void
linux_memory_drop_all(void)
{
    struct memory_info memory;

    memory_info(&memory);
    for (uintptr_t page = 0; page < memory.highest >> PAGE_SHIFT; page++)
        if (memory_entry(page) != MEMORY_NOT_OURS)
            memory_release(page, 1);
}

/* Where it is then: as before, if it cannot be there. */
LINUX_CALL(45, brk, true, uintptr_t wanted)
{
    uintptr_t from = PAGE_ALIGN(brk_now), to = PAGE_ALIGN(wanted);
    long error = 0;

    if (wanted < brk_start || to < wanted)
        return (long)brk_now;
    if (to > from)
        error = linux_memory_take(from, to - from);
    else if (to < from)
        error = linux_call(MUNMAP, (long)to, (long)(from - to), 0, 0, 0, 0);
    if (!error)
        brk_now = wanted;
    return (long)brk_now;
}

/* What is not the program's yet in a range of its choice. */
static int
take_rest(uintptr_t page, size_t count)
{
    int error = 0;

    for (size_t i = 0; i < count && !error; i++)
        if (memory_entry(page + i) == MEMORY_NOT_OURS)
            error = linux_memory_take((page + i) << PAGE_SHIFT, PAGE_SIZE);
    return error;
}

/* A place can be chosen here where memory is free, since programs bring their own. */
LINUX_CALL(192, mmap2, true, uintptr_t address, size_t len, int prot, unsigned flags, int fd,
           uint32_t page_offset)
{
    uintptr_t page = address >> PAGE_SHIFT;
    size_t count;
    bool chosen = flags & (ABI_MAP_FIXED | ABI_MAP_FIXED_NOREPLACE);

    if (chosen && address % PAGE_SIZE == 0 && memory_in_pages(address, len, &count)) {
        for (size_t i = 0; i < count && (flags & ABI_MAP_FIXED_NOREPLACE); i++)
            if (memory_entry(page + i) != MEMORY_NOT_OURS)
                return -EEXIST;
        if (take_rest(page, count))
            return -ENOMEM;
        flags |= ABI_MAP_FIXED;
    }
    return linux_original(MMAP2, (long)address, (long)len, prot, (long)flags, fd, (long)page_offset);
}

/* A row of words. */
LINUX_CALL(90, mmap, false, const long *words)
{
    if ((unsigned long)words[5] % PAGE_SIZE)
        return -EINVAL;
    return linux_call(MMAP2, words[0], words[1], words[2], words[3], words[4],
                      (long)((unsigned long)words[5] >> PAGE_SHIFT));
}

/* A thread may give its own stack back before it ends; it makes its last call from there. */
LINUX_CALL(91, munmap, true, uintptr_t base, size_t len)
{
    struct linux_thread *self = linux_self();

    if (self->regs.esp - base >= len)
        return linux_original(MUNMAP, (long)base, (long)len, 0, 0, 0, 0);
    self->farewell = (struct abi_iovec){(char *)base, len};
    return 0;
}

/* The stack is as large as it was made; a C library makes those of threads as large, too. */
LINUX_CALL(340, prlimit64, true, int process, int resource, const struct limit64 *new,
           struct limit64 *old)
{
    if (resource != RLIMIT_STACK)
        return linux_original(PRLIMIT64, process, resource, (long)new, (long)old, 0, 0);
    if (old)
        *old = (struct limit64){LINUX_STACK_SIZE, UINT64_MAX};
    return 0;
}

static long
get_limit(int resource, uint32_t *out, uint32_t most)
{
    struct limit64 limit;
    long error = linux_call(PRLIMIT64, 0, resource, 0, (long)&limit, 0, 0);

    if (error)
        return error;
    out[0] = (uint32_t)MIN(limit.current, (uint64_t)most);
    out[1] = (uint32_t)MIN(limit.most, (uint64_t)most);
    return 0;
}

LINUX_CALL(191, ugetrlimit, false, int resource, uint32_t *out)
{
    return get_limit(resource, out, UINT32_MAX);
}

LINUX_CALL(76, getrlimit, false, int resource, uint32_t *out)
{
    return get_limit(resource, out, INT32_MAX);
}

LINUX_CALL(75, setrlimit, false, int resource, const uint32_t *new)
{
    struct limit64 limit = {new[0] == UINT32_MAX ? UINT64_MAX : new[0],
                            new[1] == UINT32_MAX ? UINT64_MAX : new[1]};

    return linux_call(PRLIMIT64, 0, resource, (long)&limit, 0, 0, 0);
}

/*
 * Calls about memory that have nothing to do here: what is mapped is there, stays there and is the
 * file itself where it is shared. So locking succeeds, and so does writing back.
 */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "lib/libc/abi.h"
#include "lib/libc/memory.h"
#include "lib/libc/part.h"
#include "lib/libc/syscall.h"

PART(memory_more);

#define MS_ASYNC      1
#define MS_INVALIDATE 2
#define MS_SYNC       4
#define MCL_ALL       7 /* MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT */
#define MCL_ONFAULT   4
#define MLOCK_ONFAULT 1

/* What a program may name: all that is RAM, since its own data and stack are in no books. */
static long
in_memory(uintptr_t base, size_t len)
{
    uintptr_t from = base & ~(uintptr_t)(PAGE_SIZE - 1);
    size_t size = PAGE_ALIGN(len + (base - from));

    if (len == 0)
        return 0;
    return size && pages_contain((const void *)from, size) ? 0 : -ENOMEM;
}

SYSCALL(144, msync, uintptr_t base, size_t len, unsigned flags)
{
    if (base % PAGE_SIZE || (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) ||
        (flags & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC))
        return -EINVAL;
    if (len == 0)
        return 0;
    len = PAGE_ALIGN(len);
    return len && memory_owns(base >> PAGE_SHIFT, len >> PAGE_SHIFT) ? 0 : -ENOMEM;
}

SYSCALL(150, mlock, uintptr_t base, size_t len)
{
    return in_memory(base, len);
}

SYSCALL(376, mlock2, uintptr_t base, size_t len, unsigned flags)
{
    return flags & ~MLOCK_ONFAULT ? -EINVAL : in_memory(base, len);
}

SYSCALL_ENTRY(151, munlock, sys_mlock, false);

SYSCALL(152, mlockall, unsigned flags)
{
    return flags == 0 || flags == MCL_ONFAULT || (flags & ~MCL_ALL) ? -EINVAL : 0;
}

SYSCALL(153, munlockall, void)
{
    return 0;
}

/* Which pages are there: all that are the program's. */
SYSCALL(218, mincore, uintptr_t base, size_t len, uint8_t *to)
{
    if (base % PAGE_SIZE)
        return -EINVAL;
    size_t count = PAGE_ALIGN(len) >> PAGE_SHIFT;
    if (!memory_owns(base >> PAGE_SHIFT, count))
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        to[i] = 1;
    return 0;
}

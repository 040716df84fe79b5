/*
 * Which processors a thread may run on: there is one. Apart from the rest of scheduling, since the C
 * library counts processors by this.
 */
#include "kernel/kernel.h"
#include "kernel/thread.h"
#include "lib/libc/part.h"
#include "lib/libc/schedule.h"
#include "lib/libc/syscall.h"

PART(affinity);

#define PROCESS 1

int
schedule_check(int id)
{
    struct thread *thread = NULL;

    if (id < 0)
        return -EINVAL;
    if (id == 0 || id == PROCESS)
        return 0;
    while ((thread = thread_next(thread)))
        if (thread->id == id)
            return 0;
    return -ESRCH;
}

SYSCALL(242, sched_getaffinity, int who, int size, uint32_t *set)
{
    int error = size < (int)sizeof(*set) ? -EINVAL : schedule_check(who);

    if (error)
        return error;
    *set = 1;
    return sizeof(*set);
}

/* It has to be among them. */
SYSCALL(241, sched_setaffinity, int who, unsigned size, const uint8_t *set)
{
    int error = schedule_check(who);

    if (error)
        return error;
    return size > 0 && (set[0] & 1) ? 0 : -EINVAL;
}

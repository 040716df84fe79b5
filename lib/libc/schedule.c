/*
 * Priorities and ways of scheduling. Threads take turns and none goes before another, so what a
 * program sets is checked, kept for the program as a whole, told again, and has no effect.
 */
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "lib/libc/abi.h"
#include "lib/libc/part.h"
#include "lib/libc/schedule.h"
#include "lib/libc/syscall.h"

PART(scheduling);

#define PRIO_PROCESS 0
#define PRIO_USER    2
#define NICE_LOWEST  19
#define NICE_HIGHEST (-20)

#define SCHED_OTHER         0
#define SCHED_FIFO          1
#define SCHED_RR            2
#define SCHED_BATCH         3
#define SCHED_IDLE          5
#define SCHED_DEADLINE      6
#define SCHED_RESET_ON_FORK 0x40000000
#define REAL_TIME_LAST      99
#define RR_INTERVAL         (100 * 1000000) /* ns, as Linux's */

static int nice_value, policy = SCHED_OTHER, priority;

/* ---- niceness ---- */

static int
check_which(int which, int who)
{
    if (which < PRIO_PROCESS || which > PRIO_USER)
        return -EINVAL;
    /* There is one user, whose number is not asked for here, and one group. */
    return which == PRIO_USER || schedule_check(who) == 0 ? 0 : -ESRCH;
}

/* 1 to 40, so that none looks like an error. */
SYSCALL(96, getpriority, int which, int who)
{
    int error = check_which(which, who);

    return error ? error : 20 - nice_value;
}

SYSCALL(97, setpriority, int which, int who, int value)
{
    int error = check_which(which, who);

    if (!error)
        nice_value = MAX(NICE_HIGHEST, MIN(value, NICE_LOWEST));
    return error;
}

/* ---- policies ---- */

static bool
is_real_time(int which)
{
    return which == SCHED_FIFO || which == SCHED_RR;
}

static int
check_policy(int which, int value)
{
    which &= ~SCHED_RESET_ON_FORK;
    if (is_real_time(which))
        return value >= 1 && value <= REAL_TIME_LAST ? 0 : -EINVAL;
    if (which != SCHED_OTHER && which != SCHED_BATCH && which != SCHED_IDLE)
        return -EINVAL;
    return value == 0 ? 0 : -EINVAL;
}

SYSCALL(156, sched_setscheduler, int who, int which, const int *value)
{
    if (which < 0 || !value)
        return -EINVAL;
    int error = schedule_check(who);
    if (!error)
        error = check_policy(which, *value);
    if (error)
        return error;
    policy = which;
    priority = *value;
    return 0;
}

SYSCALL(157, sched_getscheduler, int who)
{
    int error = schedule_check(who);

    return error ? error : policy;
}

SYSCALL(154, sched_setparam, int who, const int *value)
{
    if (!value)
        return -EINVAL;
    int error = schedule_check(who);
    if (!error)
        error = check_policy(policy, *value);
    if (!error)
        priority = *value;
    return error;
}

SYSCALL(155, sched_getparam, int who, int *value)
{
    if (!value)
        return -EINVAL;
    int error = schedule_check(who);
    if (!error)
        *value = priority;
    return error;
}

static long
limit_of(int which, int real_time)
{
    if (is_real_time(which))
        return real_time;
    return which == SCHED_OTHER || which == SCHED_BATCH || which == SCHED_IDLE ||
                   which == SCHED_DEADLINE
               ? 0
               : -EINVAL;
}

SYSCALL(159, sched_get_priority_max, int which)
{
    return limit_of(which, REAL_TIME_LAST);
}

SYSCALL(160, sched_get_priority_min, int which)
{
    return limit_of(which, 1);
}

/* A turn is as long as a thread makes it. */
static int32_t
interval(void)
{
    return (policy & ~SCHED_RESET_ON_FORK) == SCHED_RR ? RR_INTERVAL : 0;
}

SYSCALL(161, sched_rr_get_interval, int who, struct abi_timespec32 *out)
{
    int error = schedule_check(who);

    if (!error)
        *out = (struct abi_timespec32){0, interval()};
    return error;
}

SYSCALL(423, sched_rr_get_interval_time64, int who, struct abi_timespec64 *out)
{
    int error = schedule_check(who);

    if (!error)
        *out = (struct abi_timespec64){.nsec = interval()};
    return error;
}

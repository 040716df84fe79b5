/*
 * alarm and setitimer: one timer that sends SIGALRM, and two of processor time, which is that of
 * the program as a whole: user's and system's are not told apart.
 */
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "lib/libc/clock.h"
#include "lib/libc/interval.h"
#include "lib/libc/part.h"
#include "lib/libc/signal.h"
#include "lib/libc/syscall.h"

PART(itimer);

struct itimerval {
    struct abi_timeval32 interval, value;
};

static void fired(void *arg);

/* ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF */
static struct alarm {
    struct interval interval;
    int signal;
} alarms[] = {
    {{.timer = {.fire = fired, .arg = &alarms[0]}, .clock = CLOCK_MONOTONIC}, ABI_SIGALRM},
    {{.timer = {.fire = fired, .arg = &alarms[1]}, .clock = CLOCK_PROCESS_CPUTIME},
     ABI_SIGVTALRM},
    {{.timer = {.fire = fired, .arg = &alarms[2]}, .clock = CLOCK_PROCESS_CPUTIME},
     ABI_SIGPROF},
};

static void
fired(void *arg)
{
    struct alarm *alarm = arg;

    if (!interval_fired(&alarm->interval))
        return;
    (void)interval_go_on(&alarm->interval); /* late ones are not made up for */
    signal_raise(alarm->signal);
}

static uint64_t
to_ns(struct abi_timeval32 t)
{
    return (uint64_t)t.sec * NSEC_PER_SEC + (uint64_t)t.usec * NSEC_PER_USEC;
}

static struct abi_timeval32
from_ns(uint64_t ns)
{
    return (struct abi_timeval32){(int32_t)(ns / NSEC_PER_SEC),
                                  (int32_t)(ns % NSEC_PER_SEC / NSEC_PER_USEC)};
}

static bool
is_valid(struct abi_timeval32 t)
{
    return t.sec >= 0 && t.usec >= 0 && t.usec < 1000000;
}

/* One that is not off has a microsecond left, since 0 would mean that it is. */
static struct itimerval
remaining(const struct alarm *alarm)
{
    struct interval_setting left = interval_left(&alarm->interval);

    if (alarm->interval.on)
        left.value = MAX(left.value, NSEC_PER_USEC);
    return (struct itimerval){from_ns(left.interval), from_ns(left.value)};
}

SYSCALL(105, getitimer, unsigned which, struct itimerval *out)
{
    if (which >= ARRAY_SIZE(alarms))
        return -EINVAL;
    *out = remaining(&alarms[which]);
    return 0;
}

SYSCALL(104, setitimer, unsigned which, const struct itimerval *new, struct itimerval *old)
{
    if (which >= ARRAY_SIZE(alarms) || !is_valid(new->interval) || !is_valid(new->value))
        return -EINVAL;
    struct itimerval was = remaining(&alarms[which]);
    struct interval_setting setting = {to_ns(new->value), to_ns(new->interval)};
    interval_set(&alarms[which].interval, setting, false, false);
    if (old)
        *old = was;
    return 0;
}

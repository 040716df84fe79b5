/*
 * alarm and setitimer: one timer that sends SIGALRM. The two kinds that count processor time
 * are refused, since that is not accounted.
 */
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "kernel/thread.h"
#include "lib/libc/abi.h"
#include "lib/libc/part.h"
#include "lib/libc/signal.h"
#include "lib/libc/syscall.h"

PART(itimer);

#define ITIMER_REAL 0

struct itimerval {
    struct abi_timeval32 interval, value;
};

static void alarm_fired(void *arg);

static struct timer alarm_timer = {.fire = alarm_fired};
static uint64_t interval; /* ns, 0: once */
static bool armed;

static void
alarm_fired(void *arg)
{
    uint64_t next = alarm_timer.deadline + interval, now = clock_now();

    (void)arg;
    armed = interval != 0;
    if (armed) /* late ones are not made up for */
        timer_set(&alarm_timer, next > now ? next : now + interval);
    signal_raise(ABI_SIGALRM);
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

static struct itimerval
remaining(void)
{
    uint64_t now = clock_now(), left = 0;

    if (armed) /* 0 would mean that it is off */
        left = alarm_timer.deadline > now ? alarm_timer.deadline - now : NSEC_PER_USEC;
    return (struct itimerval){from_ns(interval), from_ns(left)};
}

SYSCALL(105, getitimer, int which, struct itimerval *out)
{
    if (which != ITIMER_REAL)
        return -EINVAL;
    *out = remaining();
    return 0;
}

SYSCALL(104, setitimer, int which, const struct itimerval *new, struct itimerval *old)
{
    struct itimerval was = remaining();

    if (which != ITIMER_REAL || !is_valid(new->interval) || !is_valid(new->value))
        return -EINVAL;
    timer_cancel(&alarm_timer);
    interval = to_ns(new->interval);
    armed = to_ns(new->value) != 0;
    if (armed)
        timer_set(&alarm_timer, clock_now() + to_ns(new->value));
    if (old)
        *old = was;
    return 0;
}

/*
 * Times that come again (interval.h), over the kernel's timers. Processor time stands still while
 * nobody works and no timer of the kernel follows it: one of its deadlines is looked for when it
 * could be over at the earliest, and again a little later if it was not.
 */
#include "kernel/kernel.h"
#include "lib/libc/clock.h"
#include "lib/libc/interval.h"

#define SLOW_LOOK \
    (10 * NSEC_PER_MSEC) /* an idle guest looks no more often after processor time */

int
interval_clock_check(int clock)
{
    static const uint16_t drive = 1u << CLOCK_REALTIME | 1u << CLOCK_MONOTONIC |
                                  1u << CLOCK_PROCESS_CPUTIME | 1u << CLOCK_THREAD_CPUTIME |
                                  1u << CLOCK_BOOTTIME | 1u << CLOCK_TAI;

    if (clock < 0 || clock > CLOCK_TAI || clock == CLOCK_SGI_CYCLE)
        return -EINVAL;
    return drive & 1u << clock ? 0 : -ENOTSUP;
}

static uint64_t
now_of(const struct interval *t)
{
    return clock_is_processor(t->clock) ? clock_processor() : clock_now();
}

static void
arm(struct interval *t)
{
    uint64_t now, left;

    if (!clock_is_processor(t->clock)) {
        timer_set(&t->timer, t->deadline);
        return;
    }
    now = clock_processor();
    left = t->deadline > now ? MAX(t->deadline - now, SLOW_LOOK) : 0;
    if (__builtin_add_overflow(left, clock_now(), &left))
        left = TIME_NEVER;
    timer_set(&t->timer, left);
}

void
interval_set(struct interval *t, struct interval_setting setting, bool absolute, bool silent)
{
    timer_cancel(&t->timer);
    t->every = setting.interval;
    t->on = setting.value != 0;
    t->over = false;
    t->deadline = setting.value;
    if (!t->on)
        return;
    if (absolute && t->deadline != TIME_NEVER)
        t->deadline -= MIN(t->deadline, clock_base(t->clock));
    else if (__builtin_add_overflow(t->deadline, now_of(t), &t->deadline))
        t->deadline = TIME_NEVER;
    if (!silent)
        arm(t);
}

bool
interval_fired(struct interval *t)
{
    if (now_of(t) < t->deadline) {
        arm(t);
        return false;
    }
    t->over = true;
    t->on = t->every != 0;
    return true;
}

uint64_t
interval_count(uint64_t *deadline, uint64_t every, uint64_t now)
{
    uint64_t times, span;

    if (now < *deadline)
        return 0;
    times = (now - *deadline) / every + 1;
    if (__builtin_mul_overflow(times, every, &span) ||
        __builtin_add_overflow(*deadline, span, deadline))
        *deadline = TIME_NEVER;
    return times;
}

uint64_t
interval_go_on(struct interval *t)
{
    uint64_t times;

    if (!t->over)
        return 0;
    t->over = false;
    if (!t->on)
        return 0;
    times = interval_count(&t->deadline, t->every, now_of(t));
    arm(t);
    return times ? times - 1 : 0;
}

struct interval_setting
interval_left(const struct interval *t)
{
    struct interval_setting left = {0, t->every};
    uint64_t deadline = t->deadline, now = now_of(t);

    if (!t->on)
        return left;
    if (t->every)
        (void)interval_count(&deadline, t->every, now);
    left.value = deadline > now ? deadline - now : 0;
    return left;
}

/* ---- as the C library has them ---- */

int
interval_in64(const struct abi_itimerspec64 *from, struct interval_setting *to)
{
    int error = clock_span(from->value.sec, from->value.nsec, &to->value);

    return error ? error : clock_span(from->interval.sec, from->interval.nsec, &to->interval);
}

int
interval_in32(const struct abi_itimerspec32 *from, struct interval_setting *to)
{
    int error = clock_span(from->value.sec, from->value.nsec, &to->value);

    return error ? error : clock_span(from->interval.sec, from->interval.nsec, &to->interval);
}

static struct abi_timespec64
span64(uint64_t ns)
{
    return (struct abi_timespec64){(int64_t)(ns / NSEC_PER_SEC), (int32_t)(ns % NSEC_PER_SEC),
                                   0};
}

static struct abi_timespec32
span32(uint64_t ns)
{
    return (struct abi_timespec32){(int32_t)MIN(ns / NSEC_PER_SEC, (uint64_t)INT32_MAX),
                                   (int32_t)(ns % NSEC_PER_SEC)};
}

void
interval_out64(struct interval_setting from, struct abi_itimerspec64 *to)
{
    *to = (struct abi_itimerspec64){span64(from.interval), span64(from.value)};
}

void
interval_out32(struct interval_setting from, struct abi_itimerspec32 *to)
{
    *to = (struct abi_itimerspec32){span32(from.interval), span32(from.value)};
}

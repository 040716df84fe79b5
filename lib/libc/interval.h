/*
 * A time that comes once or again and again, as timerfd, timer_create and setitimer set one: what
 * they have in common. The first time is waited for; the ones behind it are counted when somebody
 * asks, so that an interval of a nanosecond keeps nobody from working.
 */
#ifndef LIBC_INTERVAL_H
#define LIBC_INTERVAL_H

#include <stdbool.h>
#include <stdint.h>
#include "kernel/thread.h"
#include "lib/libc/abi.h"

/* Nanoseconds until the first time (0: never) and from each to the next (0: there is one). */
struct interval_setting {
    uint64_t value, interval;
};

struct interval {
    struct timer
        timer; /* armed until the first time is over; `fire` and `arg` are the owner's */
    int clock; /* one of Linux's ids that interval_clock_is_good likes */
    uint64_t deadline; /* on the clock's scale: clock_now's, or of processor time */
    uint64_t every;    /* ns, 0: once */
    bool on;           /* set, and not the last time over */
    bool over;         /* the first time is over, and interval_go_on was not called */
};

/* 0; -EINVAL: there is no such clock, -ENOTSUP: it drives no timer. */
int interval_clock_check(int clock);
/*
 * Set it anew, or off by a value of 0. With `absolute` the value is a time of the clock; one of
 * the past is over at the next known point. `silent`: fire is never called, and nothing armed.
 */
void interval_set(struct interval *t, struct interval_setting setting, bool absolute,
                  bool silent);
/* For `fire`: true if the time is over; false if the clock is a slow one and fire comes again. */
bool interval_fired(struct interval *t);
/*
 * After the first time was over: wait for the next one that is still to come. How many were over
 * behind the first. Nothing, and 0, without an interval.
 */
uint64_t interval_go_on(struct interval *t);
/* What is left of it, as if interval_go_on had been called; the value is 0 if nothing is. */
struct interval_setting interval_left(const struct interval *t);

/* Times of that interval that are not after `now`, of which *deadline is the first; it becomes
 * the one after them (TIME_NEVER if that is too late to be told). */
uint64_t interval_count(uint64_t *deadline, uint64_t every, uint64_t now);

/* From and to the C library's memory. -EINVAL: no time. */
int interval_in32(const struct abi_itimerspec32 *from, struct interval_setting *to);
int interval_in64(const struct abi_itimerspec64 *from, struct interval_setting *to);
void interval_out32(struct interval_setting from, struct abi_itimerspec32 *to);
void interval_out64(struct interval_setting from, struct abi_itimerspec64 *to);

#endif

/*
 * Clocks and sleeping. There are two clocks: the platform's, which counts nanoseconds from
 * the entry into the kernel, and the same plus the wall time of that moment. Processor time is
 * what was not idle, of the program as a whole: threads are not told apart.
 */
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "lib/libc/abi.h"
#include "lib/libc/clock.h"
#include "lib/libc/part.h"
#include "lib/libc/signal.h"
#include "lib/libc/syscall.h"

PART(clock);

#define TIMER_ABSTIME 1
#define TICKS_PER_SEC 100 /* of times(); AT_CLKTCK says so too */

/* Low bits of a clock that is named by whose time it tells (Linux's CPUCLOCK_SCHED, with
 * CPUCLOCK_PERTHREAD_MASK). */
#define OF_PROCESS 2
#define OF_THREAD  6

static bool
thread_exists(int id)
{
    struct thread *t = thread_next(NULL);

    while (t && t->id != id)
        t = thread_next(t);
    return t;
}

/* A clock that is named by whose processor time it tells (clock_getcpuclockid, pthread_getcpuclockid) is
 * that of the program: the number is the complement of a process or thread, three bits of kind below. */
static int
clock_of(int id)
{
    int whose = ~(id >> 3);

    if (id >= 0)
        return id;
    switch (id & 7) {
    case OF_PROCESS:
        return whose == 0 || whose == 1 ? CLOCK_PROCESS_CPUTIME : id;
    case OF_THREAD:
        return whose == 0 || thread_exists(whose) ? CLOCK_THREAD_CPUTIME : id;
    default:
        return id;
    }
}

/* Clocks that can be read: all up to CLOCK_BOOTTIME, and one that differs by leap seconds, of which
 * nobody tells us. */
static bool
is_clock(int id)
{
    return (id >= 0 && id <= CLOCK_BOOTTIME) || id == CLOCK_TAI;
}

SYSCALL_ASKS(403, clock_gettime64, int id, struct abi_timespec64 *out)
{
    id = clock_of(id);
    if (!is_clock(id))
        return -EINVAL;
    uint64_t now = clock_is_processor(id) ? clock_processor() : clock_base(id) + clock_now();
    out->sec = (int64_t)(now / NSEC_PER_SEC);
    out->nsec = (int32_t)(now % NSEC_PER_SEC);
    return 0;
}

/* Nanoseconds are what is counted, whatever the source behind can tell apart. */
SYSCALL(266, clock_getres, int id, struct abi_timespec32 *out)
{
    if (!is_clock(clock_of(id)))
        return -EINVAL;
    if (out)
        *out = (struct abi_timespec32){0, 1};
    return 0;
}

/* Out come user, system, children's user and system. */
SYSCALL_ASKS(43, times, uint32_t *out)
{
    uint32_t ticks = (uint32_t)(clock_now() / (NSEC_PER_SEC / TICKS_PER_SEC));

    if (out) {
        out[0] = (uint32_t)(clock_processor() / (NSEC_PER_SEC / TICKS_PER_SEC));
        out[1] = out[2] = out[3] = 0;
    }
    return (long)(ticks & INT32_MAX);
}

/* ---- sleeping ---- */

/* Until the deadline or a signal; what is left then in *left (nanoseconds). */
static long
sleep_until(uint64_t deadline, uint64_t *left)
{
    struct wait_queue never = WAIT_QUEUE_INIT(never);
    int result = 0;

    while (result == 0)
        result = signal_wait_on(&never, deadline);
    if (result == -ETIMEDOUT)
        return 0;
    uint64_t now = clock_now();
    *left = deadline > now ? deadline - now : 0;
    return -EINTR; /* never made again by itself: the rest would be lost */
}

/* An absolute time of that clock, on the scale of clock_now. */
static int
absolute(int id, int64_t sec, int32_t nsec, uint64_t *deadline)
{
    int error = clock_span(sec, nsec, deadline);

    if (!error && *deadline != TIME_NEVER)
        *deadline -= MIN(*deadline, clock_base(id));
    return error;
}

static long
sleep_for(int id, int flags, int64_t sec, int32_t nsec, uint64_t *left)
{
    uint64_t deadline;

    id = clock_of(id);
    if (!is_clock(id) || id == CLOCK_THREAD_CPUTIME)
        return -EINVAL;
    if (id == CLOCK_PROCESS_CPUTIME)
        return -ENOTSUP; /* it stands still while the only one who would wait sleeps */
    int error = flags & TIMER_ABSTIME ? absolute(id, sec, nsec, &deadline)
                                      : clock_deadline(sec, nsec, &deadline);
    return error ? error : sleep_until(deadline, left);
}

static long
sleep32(int id, int flags, const struct abi_timespec32 *span, struct abi_timespec32 *rest)
{
    uint64_t left = 0;
    long result = sleep_for(id, flags, span->sec, span->nsec, &left);

    if (result == -EINTR && rest && !(flags & TIMER_ABSTIME)) {
        rest->sec = (int32_t)(left / NSEC_PER_SEC);
        rest->nsec = (int32_t)(left % NSEC_PER_SEC);
    }
    return result;
}

SYSCALL(162, nanosleep, const struct abi_timespec32 *span, struct abi_timespec32 *rest)
{
    return sleep32(CLOCK_REALTIME, 0, span, rest);
}

SYSCALL(267, clock_nanosleep, int id, int flags, const struct abi_timespec32 *span,
        struct abi_timespec32 *rest)
{
    return sleep32(id, flags, span, rest);
}

SYSCALL(407, clock_nanosleep_time64, int id, int flags, const struct abi_timespec64 *span,
        struct abi_timespec64 *rest)
{
    uint64_t left = 0;
    long result = sleep_for(id, flags, span->sec, span->nsec, &left);

    if (result == -EINTR && rest && !(flags & TIMER_ABSTIME)) {
        rest->sec = (int64_t)(left / NSEC_PER_SEC);
        rest->nsec = (int32_t)(left % NSEC_PER_SEC);
    }
    return result;
}

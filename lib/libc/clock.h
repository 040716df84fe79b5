/* Times as the C library passes them, as deadlines on the scale of clock_now. */
#ifndef LIBC_CLOCK_H
#define LIBC_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include "kernel/platform.h"
#include "kernel/thread.h"
#include "lib/libc/abi.h"

/* Linux's. */
#define CLOCK_REALTIME        0
#define CLOCK_MONOTONIC       1
#define CLOCK_PROCESS_CPUTIME 2
#define CLOCK_THREAD_CPUTIME  3
#define CLOCK_REALTIME_COARSE 5
#define CLOCK_BOOTTIME        7
#define CLOCK_SGI_CYCLE       10
#define CLOCK_TAI             11

/* Nanoseconds in which the processor worked since the entry into the kernel. */
static inline uint64_t
clock_processor(void)
{
    return clock_now() - thread_idle_time();
}

static inline bool
clock_is_processor(int id)
{
    return id == CLOCK_PROCESS_CPUTIME || id == CLOCK_THREAD_CPUTIME;
}

/* What a clock said at the entry into the kernel, in nanoseconds. */
static inline uint64_t
clock_base(int id)
{
    bool wall = id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE || id == CLOCK_TAI;

    return wall ? platform->wall_base() : 0;
}

/* Seconds and nanoseconds as nanoseconds, TIME_NEVER if they are too many. -EINVAL: negative,
 * or nanoseconds outside 0 to 999999999. */
int clock_span(int64_t sec, int32_t nsec, uint64_t *ns);
/* The same from now on. */
int clock_deadline(int64_t sec, int32_t nsec, uint64_t *deadline);
/* The same from memory; NULL is no deadline. */
int clock_deadline32(const struct abi_timespec32 *span, uint64_t *deadline);
int clock_deadline64(const struct abi_timespec64 *span, uint64_t *deadline);

#endif

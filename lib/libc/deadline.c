/* Time spans into deadlines, for every call that waits. */
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "lib/libc/clock.h"

int
clock_span(int64_t sec, int32_t nsec, uint64_t *ns)
{
    if (sec < 0 || nsec < 0 || (uint64_t)nsec >= NSEC_PER_SEC)
        return -EINVAL;
    if (__builtin_mul_overflow((uint64_t)sec, NSEC_PER_SEC, ns) ||
        __builtin_add_overflow(*ns, (uint64_t)nsec, ns))
        *ns = TIME_NEVER;
    return 0;
}

int
clock_deadline(int64_t sec, int32_t nsec, uint64_t *deadline)
{
    int error = clock_span(sec, nsec, deadline);

    if (!error && __builtin_add_overflow(*deadline, clock_now(), deadline))
        *deadline = TIME_NEVER;
    return error;
}

int
clock_deadline32(const struct abi_timespec32 *span, uint64_t *deadline)
{
    *deadline = TIME_NEVER;
    return span ? clock_deadline(span->sec, span->nsec, deadline) : 0;
}

int
clock_deadline64(const struct abi_timespec64 *span, uint64_t *deadline)
{
    *deadline = TIME_NEVER;
    return span ? clock_deadline(span->sec, span->nsec, deadline) : 0;
}

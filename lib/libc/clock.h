/* Times as the C library passes them, as deadlines on the scale of clock_now. */
#ifndef LIBC_CLOCK_H
#define LIBC_CLOCK_H

#include <stdint.h>
#include "lib/libc/abi.h"

/* Nanoseconds in which the processor worked since the entry into the kernel. */
uint64_t clock_processor(void);
/* Seconds and nanoseconds as nanoseconds, TIME_NEVER if they are too many. -EINVAL: negative,
 * or nanoseconds outside 0 to 999999999. */
int clock_span(int64_t sec, int32_t nsec, uint64_t *ns);
/* The same from now on. */
int clock_deadline(int64_t sec, int32_t nsec, uint64_t *deadline);
/* The same from memory; NULL is no deadline. */
int clock_deadline32(const struct abi_timespec32 *span, uint64_t *deadline);
int clock_deadline64(const struct abi_timespec64 *span, uint64_t *deadline);

#endif

/*
 * The PC's monotonic clock.
 */
#ifndef ARCH_X86_TIME_CLOCK_H
#define ARCH_X86_TIME_CLOCK_H

#include <stdint.h>

/* Time 0. Once, first thing, interrupts off. */
void clock_init(void);
/* Nanoseconds since clock_init (0 before it), never less than before. Any context. */
uint64_t clock_read(void);
/* When the clock has to be read at the latest, on its own scale, since what it counts by
 * would come round unnoticed; TIME_NEVER once it can be left alone. */
uint64_t clock_read_by(void);

#endif

/*
 * The watch over threads that never let go: see watch.c.
 */
#ifndef KERNEL_WATCH_H
#define KERNEL_WATCH_H

#include <stdint.h>

#define WATCH_PERIOD (5 * NSEC_PER_SEC)

/* A known point was passed. */
void watch_known_point(void);
/* From the timer interrupt, with what it interrupted. */
void watch_tick(uintptr_t eip, uintptr_t ebp);

#endif

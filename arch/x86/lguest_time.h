/*
 * Clock and timer of the lguest platform; between lguest.c and lguest_time.c.
 */
#ifndef ARCH_X86_LGUEST_TIME_H
#define ARCH_X86_LGUEST_TIME_H

#include <stdint.h>
#include "abi/lguest.h"

/* Shared with the host, which changes the time and irq_pending. */
extern volatile struct lguest_data lguest_data;

/* Right after LGUEST_INIT, which is when the host fills in time and tsc_khz. */
void lguest_time_init(void);
/* See struct platform. */
uint64_t lguest_clock(void);
uint64_t lguest_wall_base(void);
void lguest_timer_arm(uint64_t deadline);
/* The timer's interrupt, with what it interrupted. */
void lguest_timer_tick(uintptr_t eip, uintptr_t ebp);

#endif

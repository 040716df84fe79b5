/*
 * The PC's 8254 timer: channel 0 as the one-shot timer, channel 2 as a counter to measure by.
 */
#ifndef ARCH_X86_PIT_H
#define ARCH_X86_PIT_H

#include <stdbool.h>
#include <stdint.h>
#include "arch/x86/trap.h"

#define PIT_HZ    1193182u
#define PIT_ROUND 65536u /* ticks of a 16-bit counter: 54.9 ms */

/* Channel 0 into one-shot mode, not armed. Once, interrupts off. */
void pit_init(void);
/* See timer_arm of struct platform. A slow clock is read in time too, whatever `deadline`. */
void pit_arm(uint64_t deadline);
/* The interrupt of channel 0, for pic_attach_timer. */
void pit_interrupt(const struct trap_frame *frame);

/* Start channel 2 counting from 0. */
void pit_count_start(void);
/* Ticks since the start, modulo PIT_ROUND. */
uint16_t pit_count(void);
/* True once the count has come round, and for ever after. */
bool pit_count_round(void);

#endif

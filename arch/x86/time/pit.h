/*
 * The PC's 8254 timer: channel 2 as a counter to measure by. Channel 0, the one-shot timer, is
 * pit_timer of timer.h.
 */
#ifndef ARCH_X86_TIME_PIT_H
#define ARCH_X86_TIME_PIT_H

#include <stdbool.h>
#include <stdint.h>

#define PIT_HZ    1193182u
#define PIT_ROUND 65536u /* ticks of a 16-bit counter: 54.9 ms */

/* Start channel 2 counting from 0; false if there is no 8254. */
bool pit_count_start(void);
/* Ticks since the start, modulo PIT_ROUND. */
uint32_t pit_count(void);
/* True once the count has come round, and for ever after. */
bool pit_count_round(void);

#endif

/*
 * The PC's one-shot timer, over whichever chip there is.
 */
#ifndef ARCH_X86_TIME_TIMER_H
#define ARCH_X86_TIME_TIMER_H

#include <stdint.h>
#include "arch/x86/cpu/trap.h"

/* A chip that interrupts once after some time. All are called with interrupts off. */
struct timer_chip {
    /* Take it into use; its interrupt calls `handler`. -ENODEV: it is not there. */
    int (*init)(void (*handler)(const struct trap_frame *frame));
    /* Interrupt after `ns` nanoseconds from `now`, or earlier; what was loaded is forgotten. */
    void (*load)(uint64_t now, uint64_t ns);
};

extern const struct timer_chip apic_timer, pit_timer;

/* Choose the chip. Once, when the interrupt controllers are up, interrupts off. The clock may
 * want to be read in time, so timer_chip_arm has to follow. */
void timer_chip_init(void);
/* See timer_arm of struct platform. A slow clock is read in time too, whatever `deadline`. */
void timer_chip_arm(uint64_t deadline);

#endif

/*
 * Between the parts of the lguest platform: lguest.c brings it up, irq.c has interrupts
 * and gates, time.c clock and timer, paging.c page tables.
 */
#ifndef ARCH_X86_LGUEST_PARTS_H
#define ARCH_X86_LGUEST_PARTS_H

#include <stdbool.h>
#include <stdint.h>
#include "abi/lguest.h"
#include "arch/x86/cpu/trap.h"
#include "kernel/platform.h"

/* Shared with the host, which writes time, cr2 and irq_pending whenever it delivers. */
extern volatile struct lguest_data lguest_data;

/* ---- irq.c ---- */

/* Gates for exceptions, the timer and system calls; all other interrupts stay blocked until
 * somebody claims them. */
void lguest_irq_init(void);
/* See struct platform. */
bool lguest_irq_save(void);
void lguest_irq_restore(bool on);
void lguest_halt(void);
/* See trap.h. */
void lguest_interrupt(unsigned n, struct trap_frame *frame);
void lguest_trap_return(struct trap_frame *frame);

/* ---- paging.c ---- */

/* After the gates. Without memory for the tables nothing is protected. */
void lguest_paging_init(void);
/* See struct platform. */
int lguest_protect(void *base, size_t len, enum page_prot prot);

/* ---- time.c ---- */

/* Right after LGUEST_INIT, which is when the host fills in time and tsc_khz. */
void lguest_time_init(void);
/* See struct platform. */
uint64_t lguest_clock(void);
uint64_t lguest_wall_base(void);
void lguest_timer_arm(uint64_t deadline);
/* At every interrupt, before it is served: arms the timer again if the host's clock went back. */
void lguest_timer_check(void);
/* The timer's interrupt, with what it interrupted. */
void lguest_timer_tick(uintptr_t eip, uintptr_t ebp);

#endif

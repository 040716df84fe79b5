/*
 * The PC's pair of 8259 interrupt controllers.
 */
#ifndef ARCH_X86_IRQ_PIC_H
#define ARCH_X86_IRQ_PIC_H

#include "arch/x86/cpu/trap.h"
#include "kernel/platform.h"

#define PIC_LINES 16

/* Move the lines to vectors 32 to 47, all of them masked. Once, interrupts off. */
void pic_init(void);
/* Did pic_init find any? Some machines have none. */
bool pic_present(void);
/* Line `irq`, or NULL if it is none that a device can have (0 is the timer, 2 the cascade). */
struct irq_line *pic_line(unsigned irq);
/* Line 0 belongs to the timer: `handler` instead of a struct irq_action, since the watch over
 * threads wants to know what was interrupted. Unmasks it. */
void pic_attach_timer(void (*handler)(const struct trap_frame *frame));
/* The platform's trap_interrupt. */
void pic_interrupt(unsigned irq, struct trap_frame *frame);

#endif

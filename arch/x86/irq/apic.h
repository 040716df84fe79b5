/*
 * The local APIC of the one processor that is used (Intel SDM vol. 3, chapter 11): vectors for
 * whatever sends its interrupts as messages (I/O APICs, MSI), and a timer.
 *
 * An interrupt is numbered as trap.h does, from vector 32 on; the first 16 are the 8259s'.
 */
#ifndef ARCH_X86_IRQ_APIC_H
#define ARCH_X86_IRQ_APIC_H

#include <stdbool.h>
#include <stdint.h>
#include "arch/x86/cpu/trap.h"
#include "kernel/platform.h"

/* Map it and switch it on, with the 8259s' interrupts passing through it. Paging on, interrupts
 * off, once. -ENODEV: the CPU has none, or in a mode that is not ours (x2APIC). */
int apic_init(void);
bool apic_present(void);

/* An interrupt number for `line`, for good: irq_dispatch is called with it. -ENODEV without a
 * local APIC, -ENOSPC when all are taken. */
int apic_claim(struct irq_line *line);

/* What a device writes where, to raise interrupt `n` here (11.11): also the parts of an I/O
 * APIC's entry. */
uint32_t apic_message_address(void);
static inline uint32_t
apic_message_data(unsigned n)
{
    return TRAP_EXCEPTIONS + n; /* fixed delivery, edge */
}
/* The number that tells this processor from others in an I/O APIC's destination field. */
uint8_t apic_id(void);

/* Interrupt `n`, 16 or more; acknowledges it. */
void apic_interrupt(unsigned n, struct trap_frame *frame);

/* The registers of its timer, for apic_timer.c; the handler gets what was interrupted. */
void apic_timer_attach(void (*handler)(const struct trap_frame *frame), bool tsc_deadline);
void apic_timer_load(uint32_t count);
uint32_t apic_timer_left(void);

#endif

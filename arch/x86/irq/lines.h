/*
 * The interrupt lines of a PC, whichever controllers it has; pc.h has the one function of it
 * that drivers use.
 */
#ifndef ARCH_X86_IRQ_LINES_H
#define ARCH_X86_IRQ_LINES_H

#include <stdbool.h>
#include "arch/x86/firmware/madt.h"
#include "kernel/platform.h"

/* Bring up the controllers, all lines silent, and take over interrupts. Paging on, interrupts
 * off, once. `madt` says where the I/O APICs are; it is copied. */
void lines_init(const struct madt *madt);
/* The line of ISA interrupt `irq`, NULL if no device can have it. */
struct irq_line *lines_isa(unsigned irq);
/* The line of a PCI function whose interrupt line register says `irq`, NULL if there is none. */
struct irq_line *lines_intx(unsigned irq);
/* That of ACPI's own interrupt, `irq` as the FADT numbers it. */
struct irq_line *lines_sci(unsigned irq);

#endif

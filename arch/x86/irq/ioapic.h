/*
 * I/O APICs (Intel 82093AA data sheet): pins at which interrupts arrive that no message
 * carries, numbered through all of them as ACPI's global system interrupts (6.4, 5.2.13).
 */
#ifndef ARCH_X86_IRQ_IOAPIC_H
#define ARCH_X86_IRQ_IOAPIC_H

#include <stdbool.h>
#include "arch/x86/firmware/madt.h"
#include "kernel/platform.h"

/* Map those of the table, all pins silent. Paging on, interrupts off, local APIC on. */
void ioapic_init(const struct madt *madt);
/* Is there one? */
bool ioapic_present(void);

/* The line of global system interrupt `gsi`, as whoever asked first described it: level or
 * edge, active low or high. NULL if no pin has that number, or no vector is left. */
struct irq_line *ioapic_line(unsigned gsi, bool level, bool low);

#endif

/*
 * ACPI's table of interrupt controllers (specification 6.4, 5.2.12), as far as one processor
 * needs it: where the I/O APICs are, and which of their pins the ISA interrupts arrive at.
 */
#ifndef ARCH_X86_FIRMWARE_MADT_H
#define ARCH_X86_FIRMWARE_MADT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MADT_IOAPICS_MAX 8
#define MADT_ISA_IRQS    16

struct madt {
    unsigned nr_ioapics;
    struct {
        uint32_t address;
        uint32_t gsi_base; /* global system interrupt of its pin 0 */
    } ioapics[MADT_IOAPICS_MAX];
    struct madt_isa {
        uint32_t gsi;
        bool level, low; /* trigger and polarity; else edge, active high */
        bool overridden; /* the table speaks of it */
    } isa[MADT_ISA_IRQS];
};

/* How an ISA interrupt arrives at `gsi`, from the flags that ACPI's entries (table 5.26) have
 * in common with those of the MultiProcessor Specification (1.4, 4.3.4). */
struct madt_isa madt_isa(uint32_t gsi, uint16_t flags);
/* No I/O APIC, and every ISA interrupt the GSI of the same number, edge, active high. */
void madt_default(struct madt *out);
/* The same with what the `len` bytes of a table, header included, add to it. Entries that
 * cannot be are left out; what follows one whose length cannot be is too. */
void madt_parse(const void *table, size_t len, struct madt *out);

#endif

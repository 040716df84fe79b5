/*
 * Reading ACPI's table of interrupt controllers. It comes with a right sum, but its entries
 * still may not fit into it, so each is checked against what is left.
 */
#include "arch/x86/firmware/madt.h"
#include "arch/x86/firmware/acpi.h"
#include "kernel/kernel.h"
#include "kernel/string.h"

#define ENTRIES_AT (sizeof(struct acpi_table) + 8) /* behind local APIC address and flags */

#define ENTRY_IOAPIC   1 /* 5.2.12.3 */
#define ENTRY_OVERRIDE 2 /* 5.2.12.5 */

#define BUS_ISA 0

/* MPS INTI flags (table 5.26); 0 in either stands for the bus's own, which is edge, high. */
#define POLARITY_MASK 0x3
#define POLARITY_LOW  0x3
#define TRIGGER_MASK  0xc
#define TRIGGER_LEVEL 0xc

struct entry {
    uint8_t type, length;
};

struct ioapic_entry {
    struct entry head;
    uint8_t id, reserved;
    uint32_t address, gsi_base;
} __attribute__((packed));

struct override_entry {
    struct entry head;
    uint8_t bus, irq;
    uint32_t gsi;
    uint16_t flags;
} __attribute__((packed));

void
madt_default(struct madt *out)
{
    memset(out, 0, sizeof(*out));
    for (unsigned i = 0; i < MADT_ISA_IRQS; i++)
        out->isa[i].gsi = i;
}

struct madt_isa
madt_isa(uint32_t gsi, uint16_t flags)
{
    return (struct madt_isa){
        .gsi = gsi,
        .level = (flags & TRIGGER_MASK) == TRIGGER_LEVEL,
        .low = (flags & POLARITY_MASK) == POLARITY_LOW,
        .overridden = true,
    };
}

static void
add_ioapic(struct madt *out, const struct ioapic_entry *e)
{
    if (e->head.length < sizeof(*e) || !e->address || out->nr_ioapics == MADT_IOAPICS_MAX)
        return;
    out->ioapics[out->nr_ioapics].address = e->address;
    out->ioapics[out->nr_ioapics++].gsi_base = e->gsi_base;
}

static void
add_override(struct madt *out, const struct override_entry *e)
{
    if (e->head.length < sizeof(*e) || e->bus != BUS_ISA || e->irq >= MADT_ISA_IRQS)
        return;
    out->isa[e->irq] = madt_isa(e->gsi, e->flags);
}

void
madt_parse(const void *table, size_t len, struct madt *out)
{
    size_t at = ENTRIES_AT;

    madt_default(out);
    while (at < len && len - at >= sizeof(struct entry)) {
        const struct entry *e = (const void *)((const char *)table + at);
        if (e->length < sizeof(*e) || e->length > len - at)
            return;
        if (e->type == ENTRY_IOAPIC)
            add_ioapic(out, (const void *)e);
        else if (e->type == ENTRY_OVERRIDE)
            add_override(out, (const void *)e);
        at += e->length;
    }
}

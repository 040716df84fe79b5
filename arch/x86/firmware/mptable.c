/*
 * Reading the MultiProcessor Specification's table (1.4, chapter 4), which QEMU's microvm and
 * Firecracker have where they do without ACPI. Its entries are the firmware's, and checked.
 *
 * Of several I/O APICs it does not say how their pins are numbered through, so only the first
 * is taken; it is the one with the ISA interrupts. The specification's default configurations,
 * of boards without a table, are not known here.
 */
#include "arch/x86/firmware/mptable.h"
#include "arch/x86/firmware/bios.h"
#include "kernel/kernel.h"
#include "kernel/string.h"

/* The floating pointer structure (4.1). */
struct pointer {
    char signature[4];
    uint32_t table;
    uint8_t paragraphs, revision, sum;
    uint8_t default_configuration; /* 0: there is a table */
    uint8_t features[4];
} __attribute__((packed));

/* The table's header (4.2). The number of entries is not looked at: QEMU's firmware leaves it
 * 0. */
struct header {
    char signature[4];
    uint16_t length; /* with this header */
    uint8_t revision, sum;
    char oem[8], product[12];
    uint32_t oem_table;
    uint16_t oem_size, entries;
    uint32_t local_apic;
    uint16_t extended_length;
    uint8_t extended_sum, reserved;
} __attribute__((packed));

/* Entries (4.3), in the order of their types. */
enum { ENTRY_PROCESSOR, ENTRY_BUS, ENTRY_IOAPIC, ENTRY_INTERRUPT, ENTRY_LOCAL };
#define PROCESSOR_SIZE 20
#define OTHER_SIZE     8

#define IOAPIC_ENABLED 1
#define TYPE_INT       0 /* a vectored interrupt, not NMI, SMI or the 8259s' */
#define IOAPIC_ALL     0xff

struct bus_entry {
    uint8_t type, id;
    char name[6];
} __attribute__((packed));

struct ioapic_entry {
    uint8_t type, id, version, flags;
    uint32_t address;
} __attribute__((packed));

struct interrupt_entry {
    uint8_t type, kind;
    uint16_t flags;
    uint8_t bus, irq, ioapic, pin;
} __attribute__((packed));

/* What later entries refer to by number. */
struct names {
    int isa_bus, ioapic; /* -1: none yet */
};

static void
add_ioapic(struct madt *out, struct names *names, const struct ioapic_entry *e)
{
    if (out->nr_ioapics || !(e->flags & IOAPIC_ENABLED) || !e->address)
        return;
    out->ioapics[out->nr_ioapics++].address = e->address;
    names->ioapic = e->id;
}

static void
add_interrupt(struct madt *out, const struct names *names, const struct interrupt_entry *e)
{
    bool ours = e->ioapic == names->ioapic || (out->nr_ioapics && e->ioapic == IOAPIC_ALL);

    if (!ours || e->kind != TYPE_INT || e->bus != names->isa_bus || e->irq >= MADT_ISA_IRQS)
        return;
    out->isa[e->irq] = madt_isa(e->pin, e->flags);
}

void
mptable_parse(const void *table, size_t len, struct madt *out)
{
    struct names names = {-1, -1};
    size_t at = sizeof(struct header), size;

    madt_default(out);
    for (; at < len; at += size) {
        const void *e = (const char *)table + at;
        uint8_t type = *(const uint8_t *)e;
        size = type == ENTRY_PROCESSOR ? PROCESSOR_SIZE : OTHER_SIZE;
        if (type > ENTRY_LOCAL || size > len - at)
            return;
        if (type == ENTRY_BUS && memcmp(((const struct bus_entry *)e)->name, "ISA   ", 6) == 0)
            names.isa_bus = ((const struct bus_entry *)e)->id;
        else if (type == ENTRY_IOAPIC)
            add_ioapic(out, &names, e);
        else if (type == ENTRY_INTERRUPT)
            add_interrupt(out, &names, e);
    }
}

void
mptable_read(struct madt *out)
{
    const struct pointer *p = bios_find("_MP_", sizeof(*p));

    madt_default(out);
    if (!p || p->default_configuration || p->table > UINT32_MAX - UINT16_MAX)
        return;
    const struct header *h = (const void *)(uintptr_t)p->table;
    if (p->table && memcmp(h->signature, "PCMP", 4) == 0 && h->length >= sizeof(*h) &&
        bios_sum_is_right(h, h->length))
        mptable_parse(h, h->length, out);
}

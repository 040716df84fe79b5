/*
 * MSI-X: the capability in configuration space, the table in a BAR, and one line for each entry
 * that somebody listens to.
 */
#include "arch/x86/pci/msix.h"
#include "arch/x86/irq/apic.h"
#include "arch/x86/cpu/io.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"

/* The capability (6.8.2.3 to 6.8.2.5). */
#define CONTROL        2
#define CONTROL_SIZE   0x07ff /* number of the last entry */
#define CONTROL_ENABLE 0x8000
#define TABLE          4
#define TABLE_BAR      0x7

/* An entry (6.8.2.6 to 6.8.2.9). */
#define ENTRY_SIZE    16
#define ENTRY_LOW     0
#define ENTRY_HIGH    4
#define ENTRY_DATA    8
#define ENTRY_CONTROL 12
#define ENTRY_MASKED  1u

struct entry {
    struct irq_line line;
    volatile char *registers;
    char name[24];
};

static void
set_enable(const struct msix *m, bool on)
{
    uint16_t control = pci_read16(&m->pci, m->at + CONTROL) & (uint16_t)~CONTROL_ENABLE;

    pci_write16(&m->pci, m->at + CONTROL, on ? control | CONTROL_ENABLE : control);
}

/* Where the table of `size` entries lies, mapped; NULL if it cannot be used. */
static volatile char *
map_table(const struct msix *m, unsigned size)
{
    uint32_t place = pci_read32(&m->pci, m->at + TABLE), offset = place & ~TABLE_BAR;
    struct pci_bar bar;

    if (pci_bar(&m->pci, place & TABLE_BAR, &bar) != 0 || bar.io || offset > bar.size ||
        size * ENTRY_SIZE > bar.size - offset)
        return NULL;
    return platform->map_device(bar.base + offset, size * ENTRY_SIZE);
}

int
msix_open(const struct pci_device *d, struct msix *m)
{
    *m = (struct msix){.pci = *d, .at = pci_capability(d, PCI_CAPABILITY_MSIX, 0)};
    if (!m->at)
        return -ENOTSUP;
    unsigned size = (pci_read16(d, m->at + CONTROL) & CONTROL_SIZE) + 1u;
    m->table = apic_present() ? map_table(m, size) : NULL;
    set_enable(m, m->table);
    if (!m->table)
        return apic_present() ? -EINVAL : -ENOTSUP;
    m->size = size;
    return 0;
}

void
msix_close(struct msix *m)
{
    set_enable(m, false);
    m->size = 0;
}

/* Called with interrupts off: irq_attach and irq_detach see to it. */
static void
set_mask(struct irq_line *line, bool on)
{
    const struct entry *e = (const struct entry *)line;

    mmio_write32(e->registers + ENTRY_CONTROL, on ? ENTRY_MASKED : 0);
}

struct irq_line *
msix_line(const struct msix *m, unsigned index)
{
    const struct pci_device *d = &m->pci;
    struct entry *e = index < m->size ? kmalloc(sizeof(*e)) : NULL;

    if (!e)
        return NULL;
    int n = apic_claim(&e->line);
    if (n < 0) {
        kfree(e);
        return NULL;
    }
    ksnprintf(e->name, sizeof(e->name), "msi-x %02x:%02x.%x/%u", d->bus, d->slot, d->function,
              index);
    e->line.name = e->name;
    e->line.mask = set_mask;
    e->registers = m->table + index * ENTRY_SIZE;
    /* Masked before the message changes (6.8.3.5). */
    set_mask(&e->line, true);
    mmio_write32(e->registers + ENTRY_LOW, apic_message_address());
    mmio_write32(e->registers + ENTRY_HIGH, 0);
    mmio_write32(e->registers + ENTRY_DATA, apic_message_data((unsigned)n));
    return &e->line;
}

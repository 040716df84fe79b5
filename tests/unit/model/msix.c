/*
 * The model's MSI-X (PCI Local Bus Specification 3.0, 6.8.2; virtio 1.2, 4.1.5.1.2): a table of
 * entries in a BAR of their own, the vectors that queues and configuration changes were given,
 * and a local APIC's part of arch/x86/irq/apic.h, to which the messages go.
 */
#include <string.h>
#include "arch/x86/irq/apic.h"
#include "kernel/kernel.h"
#include "model/device.h"

#define NO_VECTOR  0xffff
#define ENTRY_SIZE 16
#define MASKED     1u

#define INTERRUPTS 96
#define FIRST      16

/* Who claimed which interrupt number, and where messages for them go. */
static struct irq_line *claimed[INTERRUPTS];
static bool absent;

/* ---- the local APIC ---- */

bool
apic_present(void)
{
    return !absent;
}

int
apic_claim(struct irq_line *line)
{
    for (unsigned n = FIRST; n < INTERRUPTS; n++) {
        if (claimed[n])
            continue;
        claimed[n] = line;
        return (int)n;
    }
    return -ENOSPC;
}

uint32_t
apic_message_address(void)
{
    return 0xfee00000;
}

void
model_apic_remove(bool gone)
{
    absent = gone;
}

void
model_msix_forget(void)
{
    memset(claimed, 0, sizeof(claimed));
    absent = false;
}

/* ---- the table ---- */

static uint32_t
word(const struct model *m, unsigned entry, unsigned offset)
{
    uint32_t value;

    memcpy(&value, m->msix_table + ENTRY_SIZE * entry + offset, 4);
    return value;
}

static bool
in_table(const struct model *m, uint32_t offset, unsigned width)
{
    if (width == 4 && offset % 4 == 0 && offset < ENTRY_SIZE * (uint32_t)m->setup.msix)
        return true;
    model_violation(m, "PCI 6.8.2: %u bytes at offset %u of the MSI-X table", width, offset);
    return false;
}

uint32_t
model_msix_read(struct model *m, uint32_t offset, unsigned width)
{
    uint32_t value = 0xffffffff;

    if (in_table(m, offset, width))
        memcpy(&value, m->msix_table + offset, 4);
    return value;
}

void
model_msix_write(struct model *m, uint32_t offset, uint32_t value, unsigned width)
{
    unsigned entry = offset / ENTRY_SIZE;

    if (!in_table(m, offset, width))
        return;
    if (offset % ENTRY_SIZE < 12 && !(word(m, entry, 12) & MASKED))
        model_violation(m, "PCI 6.8.3.5: entry %u changed while it is not masked", entry);
    memcpy(m->msix_table + offset, &value, 4);
}

/* ---- vectors ---- */

/* A vector that is accepted reads back as what was written (4.1.5.1.2.1). */
void
model_vector_write(struct model *m, uint16_t *vector, uint32_t value)
{
    bool refused = value >= m->setup.msix || m->setup.lies.refuse_vectors >> value & 1;

    if (!model_msix_enabled(m))
        model_violation(m, "4.1.5.1.2: a vector without MSI-X");
    *vector = refused ? NO_VECTOR : (uint16_t)value;
}

void
model_msix_reset(struct model *m)
{
    m->config_vector = NO_VECTOR;
    for (unsigned i = 0; i < MODEL_MAX_QUEUES; i++)
        m->queues[i].vector = NO_VECTOR;
}

void
model_msix_init(struct model *m)
{
    for (unsigned i = 0; i < m->setup.msix; i++)
        m->msix_table[ENTRY_SIZE * i + 12] = MASKED;
    model_msix_reset(m);
}

void
model_msix_raise(struct model *m, uint16_t vector)
{
    if (vector < m->setup.msix)
        m->msix_pending |= 1u << vector;
}

/* ---- messages ---- */

static bool
deliverable(const struct model *m, unsigned entry)
{
    return m->msix_pending >> entry & 1 && !(word(m, entry, 12) & MASKED);
}

static void
send(struct model *m, unsigned entry)
{
    uint32_t n = word(m, entry, 8) - 32;

    m->msix_pending &= ~(1u << entry);
    if (!(model_pci_command(m) & 4))
        model_violation(m, "PCI 6.8.3: a message with bus mastering off");
    if (word(m, entry, 0) != apic_message_address() || word(m, entry, 4) != 0 ||
        n >= INTERRUPTS || !claimed[n]) {
        model_violation(m, "PCI 6.8.2: entry %u sends %x to %x", entry, word(m, entry, 8),
                        word(m, entry, 0));
        return;
    }
    irq_dispatch(claimed[n]);
}

bool
model_msix_waiting(void)
{
    struct model *m;

    for (unsigned i = 0; (m = model_at(i)); i++)
        for (unsigned entry = 0; entry < m->setup.msix && model_msix_enabled(m); entry++)
            if (deliverable(m, entry))
                return true;
    return false;
}

bool
model_msix_deliver(void)
{
    struct model *m;
    bool any = false;

    for (unsigned i = 0; (m = model_at(i)); i++) {
        for (unsigned entry = 0; entry < m->setup.msix && model_msix_enabled(m); entry++) {
            if (!deliverable(m, entry))
                continue;
            send(m, entry);
            any = true;
        }
    }
    return any;
}

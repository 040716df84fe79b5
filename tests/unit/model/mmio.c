/*
 * The model's memory-mapped registers (virtio 1.2, 4.2.2, and 4.2.4 for version 1): a block for
 * each device, named to the driver by words of a command line or by AML code. Which register is
 * where is written out from the specification once more.
 */
#include <stdio.h>
#include <string.h>
#include "arch/x86/firmware/acpi.h"
#include "kernel/cmdline.h"
#include "kernel/kernel.h"
#include "model/device.h"

#define BASE   0xfeb00000
#define SIZE   0x200
#define CONFIG 0x100
#define IRQ    4 /* and the slot */

bool
model_mmio(const struct model *m)
{
    return m->setup.bus == MODEL_MMIO_1 || m->setup.bus == MODEL_MMIO_2;
}

unsigned
model_mmio_irq(const struct model *m)
{
    return m->setup.irq ? m->setup.irq : IRQ + m->slot;
}

struct model *
model_mmio_at(uint64_t address, uint32_t *offset)
{
    struct model *m = address < BASE + SIZE ? NULL : model_at((address - BASE) / SIZE - 1);

    *offset = address % SIZE;
    return m && model_mmio(m) ? m : NULL;
}

/* ---- who says where they are ---- */

static const char *const *words;
static struct {
    const uint8_t *aml;
    size_t len;
} tables[2];
static unsigned nr_tables;

void
model_words(const char *const *values)
{
    words = values;
}

void
model_aml(const uint8_t *aml, size_t len)
{
    assert(nr_tables < ARRAY_SIZE(tables));
    tables[nr_tables].aml = aml;
    tables[nr_tables++].len = len;
}

void
model_mmio_forget(void)
{
    words = NULL;
    nr_tables = 0;
}

const uint8_t *
acpi_aml(unsigned *at, size_t *len)
{
    if (*at >= nr_tables)
        return NULL;
    *len = tables[*at].len;
    return tables[(*at)++].aml;
}

const char *
cmdline_nth(const char *key, int n)
{
    static char text[64];
    struct model *m;

    if (strcmp(key, "virtio_mmio.device") != 0)
        return NULL;
    for (int i = 0; words; i++)
        if (!words[i] || i == n)
            return words[i];
    for (unsigned i = 0; (m = model_at(i)); i++) {
        if (!model_mmio(m) || n--)
            continue;
        snprintf(text, sizeof(text), "%u@0x%x:%u", SIZE, BASE + SIZE * m->slot,
                 model_mmio_irq(m));
        return text;
    }
    return NULL;
}

/* ---- registers ---- */

static bool
modern(const struct model *m)
{
    return m->setup.bus == MODEL_MMIO_2;
}

uint32_t
model_mmio_read(struct model *m, uint32_t offset, unsigned width)
{
    if (offset >= CONFIG)
        return model_config_read(m, offset - CONFIG, width);
    if (width != 4 || offset % 4)
        model_violation(m, "4.2.2.2: %u bytes at register offset %x", width, offset);
    switch (offset) {
    case 0x00:
        return m->setup.mmio_magic ? m->setup.mmio_magic : 0x74726976;
    case 0x04:
        return m->setup.mmio_version ? m->setup.mmio_version : modern(m) ? 2 : 1;
    case 0x08:
        return m->setup.type;
    case 0x10:
        return model_features_read(m);
    case 0x34:
        return model_queue_selected(m)->max;
    case 0x60:
        return m->setup.lies.loud ? m->isr | VIRTIO_ISR_QUEUE : m->isr;
    case 0x70:
        return model_status_read(m);
    }
    if (offset == 0x40 && !modern(m))
        return m->page_size ? model_queue_selected(m)->desc / m->page_size : 0;
    if (offset == 0x44 && modern(m))
        return model_queue_selected(m)->enabled && !m->setup.lies.refuse_ready;
    if (offset == 0xfc && modern(m))
        return m->generation;
    model_violation(m, "4.2.2: register offset %x read", offset);
    return 0xffffffff;
}

/* 4.2.4: one run of pages whose address is a page number, after everything that it depends on.
 */
static void
queue_pfn(struct model *m, uint32_t pfn)
{
    struct model_queue *q = model_queue_selected(m);

    if (m->page_size == 0 || !q->num_written || !q->align_written)
        model_violation(m, "4.2.4: QueuePFN before page size, QueueNum and QueueAlign");
    q->enabled = false;
    model_queue_place(q, (uint64_t)pfn * m->page_size, q->size);
    if (pfn)
        model_queue_enable(m, m->queue_select);
}

static void
queue_write(struct model *m, uint32_t offset, uint32_t value)
{
    struct model_queue *q = model_queue_selected(m);

    if (!model_queue_writable(m))
        return;
    switch (offset) {
    case 0x38:
        model_queue_size_write(m, value);
        q->num_written = true;
        return;
    case 0x3c:
        if (modern(m) || value != 4096)
            model_violation(m, "4.2.4: QueueAlign %u", value);
        q->align_written = true;
        return;
    case 0x40:
        if (!modern(m)) {
            queue_pfn(m, value);
            return;
        }
        break;
    case 0x44:
        if (modern(m) && value == 1 && q->num_written) {
            model_queue_enable(m, m->queue_select);
            return;
        }
        break;
    case 0x80:
    case 0x84:
        model_half_set(&q->desc, (offset - 0x80) / 4, value);
        break;
    case 0x90:
    case 0x94:
        model_half_set(&q->driver, (offset - 0x90) / 4, value);
        break;
    case 0xa0:
    case 0xa4:
        model_half_set(&q->device, (offset - 0xa0) / 4, value);
        break;
    }
    if (offset < 0x80 || !modern(m))
        model_violation(m, "4.2.2: %x written to register offset %x", value, offset);
}

/* 4.2.2, InterruptACK: what is acknowledged was there to be seen. */
static void
acknowledge(struct model *m, uint32_t value)
{
    uint8_t late = m->setup.lies.at_ack;

    if (value == 0 || (value & ~(m->isr | (m->setup.lies.loud ? 1u : 0u))))
        model_violation(m, "4.2.2: %x acknowledged of %x", value, m->isr);
    m->setup.lies.at_ack = 0;
    m->isr |= late & ~value;
    m->isr &= ~value;
}

static void
reg_write(struct model *m, uint32_t offset, uint32_t value)
{
    switch (offset) {
    case 0x14:
        m->device_select = value;
        break;
    case 0x20:
        model_features_write(m, m->driver_select, value);
        break;
    case 0x24:
        m->driver_select = value;
        break;
    case 0x28:
        if (modern(m) || value != 4096 || !(m->status & VIRTIO_STATUS_DRIVER))
            model_violation(m, "4.2.4: GuestPageSize %u", value);
        m->page_size = value;
        break;
    case 0x30:
        if (!modern(m) && m->page_size == 0)
            model_violation(m, "4.2.4: a queue before GuestPageSize");
        m->queue_select = value;
        break;
    case 0x50:
        model_notify(m, value);
        break;
    case 0x64:
        acknowledge(m, value);
        break;
    case 0x70:
        model_status_write(m, value);
        break;
    default:
        queue_write(m, offset, value);
    }
}

void
model_mmio_write(struct model *m, uint32_t offset, uint32_t value, unsigned width)
{
    if (offset >= CONFIG) {
        model_config_write(m, offset - CONFIG, value, width);
        return;
    }
    if (width != 4 || offset % 4)
        model_violation(m, "4.2.2.2: %u bytes at register offset %x", width, offset);
    reg_write(m, offset, value);
    if (m->setup.lies.spurious && offset != 0x64)
        model_interrupt(m, VIRTIO_ISR_QUEUE | VIRTIO_ISR_CONFIG);
}

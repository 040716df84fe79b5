/*
 * The model's device proper: status, features, configuration and reset, with the rules of
 * virtio 1.2, 2.1, 2.2, 2.5 and 3.1.1 that a driver has to obey, whatever the transport.
 */
#include <string.h>
#include "model/device.h"
#include "model/lguest.h"
#include "shim.h"

#define ACKNOWLEDGE 1
#define DRIVER      2
#define DRIVER_OK   4
#define FEATURES_OK 8
#define NEEDS_RESET 0x40
#define FAILED      0x80

bool
model_modern(const struct model *m)
{
    return !m->by_ports;
}

/* ---- reset ---- */

static void
reset_now(struct model *m)
{
    m->status = m->isr = 0;
    model_msix_reset(m);
    m->accepted = 0;
    m->features_written = false;
    m->device_select = m->driver_select = 0;
    m->queue_select = 0;
    m->page_size = 0;
    m->edge = false;
    m->reset_until = 0;
    for (unsigned i = 0; i < MODEL_MAX_QUEUES; i++) {
        struct model_queue *q = &m->queues[i];
        uintptr_t ring = q->ring;
        unsigned irq = q->irq;
        uint16_t max = q->max;
        unsigned notified = q->notified;
        memset(q, 0, sizeof(*q));
        q->max = q->size = max;
        q->notified = notified;
        q->irq = irq;
        q->ring = ring;
        if (ring) /* where it lies is the host's choice */
            model_queue_place(q, ring, q->max);
    }
}

/* A live device may write into its used ring at any time: so it does, and memory that was
 * taken away too early shows. */
static void
scribble(struct model *m)
{
    for (unsigned i = 0; i < m->setup.nr_queues; i++) {
        struct model_queue *q = &m->queues[i];
        if (!q->enabled)
            continue;
        /* Used elements, or the descriptors of a packed ring. */
        uint8_t *used = (uint8_t *)(uintptr_t)(model_packed(m) ? q->desc : q->device + 4);
        size_t len = (model_packed(m) ? 16 : 8) * (size_t)q->size;
        if (shim_memory_bad(used, len)) {
            model_violation(m, "2.4.2: queue %u was freed before the reset was over", i);
            q->enabled = false;
            continue;
        }
        memset(used, 0xee, len);
    }
}

void
model_reset_progress(struct model *m)
{
    if (m->reset_until == 0)
        return;
    if (m->reset_until <= shim_clock()) {
        reset_now(m);
        if (m->setup.bus == MODEL_LGUEST)
            model_lguest_was_reset(m);
    } else
        scribble(m);
}

static void
reset_begin(struct model *m)
{
    m->resets++;
    if (m->setup.lies.reset_ns == 0) {
        reset_now(m);
        return;
    }
    if (m->status == 0)
        m->status = ACKNOWLEDGE; /* busy: anything but 0 */
    m->reset_until = m->setup.lies.reset_ns == MODEL_NEVER
                         ? MODEL_NEVER
                         : shim_clock() + m->setup.lies.reset_ns;
}

/* ---- status ---- */

/* What the driver may not have accepted together or alone (5.1.3.1, 6.1). */
static const struct {
    uint16_t type;
    uint8_t bit, needs[2]; /* one of them */
} dependencies[] = {
    {VIRTIO_ID_NET, 7, {1, 1}},    {VIRTIO_ID_NET, 8, {1, 1}},    {VIRTIO_ID_NET, 9, {7, 8}},
    {VIRTIO_ID_NET, 10, {1, 1}},   {VIRTIO_ID_NET, 11, {0, 0}},   {VIRTIO_ID_NET, 12, {0, 0}},
    {VIRTIO_ID_NET, 13, {11, 12}}, {VIRTIO_ID_NET, 14, {0, 0}},   {VIRTIO_ID_NET, 18, {17, 17}},
    {VIRTIO_ID_NET, 19, {17, 17}}, {VIRTIO_ID_NET, 21, {17, 17}}, {VIRTIO_ID_NET, 22, {17, 17}},
    {VIRTIO_ID_NET, 23, {17, 17}},
};

void
model_features_check(const struct model *m)
{
    if (m->accepted & ~m->offered)
        model_violation(m, "2.2.1: accepted %llx of an offer of %llx",
                        (unsigned long long)m->accepted, (unsigned long long)m->offered);
    if (model_modern(m) && m->offered >> 32 & 1 && !model_negotiated(m, 32))
        model_violation(m, "6.1: VERSION_1 was offered and not accepted");
    for (unsigned i = 0; i < sizeof(dependencies) / sizeof(dependencies[0]); i++)
        if (dependencies[i].type == m->setup.type && model_negotiated(m, dependencies[i].bit) &&
            !model_negotiated(m, dependencies[i].needs[0]) &&
            !model_negotiated(m, dependencies[i].needs[1]))
            model_violation(m, "5.1.3.1: feature %u accepted without feature %u",
                            dependencies[i].bit, dependencies[i].needs[0]);
}

static void
order_check(const struct model *m, uint8_t old, uint8_t added)
{
    if (added & DRIVER && !(old & ACKNOWLEDGE))
        model_violation(m, "3.1.1: DRIVER before ACKNOWLEDGE");
    if (added & FEATURES_OK && !(old & DRIVER))
        model_violation(m, "3.1.1: FEATURES_OK before DRIVER");
    if (added & FEATURES_OK && !m->features_written)
        model_violation(m, "3.1.1: FEATURES_OK without features");
    if (added & DRIVER_OK && model_modern(m) && !(old & FEATURES_OK))
        model_violation(m, "3.1.1: DRIVER_OK before FEATURES_OK");
    if (added & DRIVER_OK && !(old & DRIVER))
        model_violation(m, "3.1.1: DRIVER_OK before DRIVER");
    if (added & DRIVER_OK && !model_mmio(m) && !(model_pci_command(m) & 4))
        model_violation(m, "4.1: DRIVER_OK with bus mastering off");
    if (added & (added - 1))
        model_violation(m, "3.1.1: status bits %02x set in one step", added);
}

uint8_t
model_status_read(struct model *m)
{
    model_reset_progress(m);
    return m->status;
}

void
model_status_write(struct model *m, uint8_t value)
{
    uint8_t old = m->status, added = value & ~old;

    if (value == 0) {
        reset_begin(m);
        return;
    }
    model_reset_progress(m);
    if (m->reset_until) {
        /* To give a device up is all that can be done to one that is stuck. */
        if (!(value & FAILED))
            model_violation(m, "2.4.2: status %02x while a reset is going on", value);
        return;
    }
    if (old & ~value)
        model_violation(m, "2.1.1: status bits %02x were taken away", old & ~value);
    order_check(m, old, added);
    if (added & FEATURES_OK || (added & DRIVER_OK && !model_modern(m)))
        model_features_check(m);
    if (added & FEATURES_OK && (!model_modern(m) || m->accepted & m->setup.lies.refuse))
        value &= ~FEATURES_OK;
    m->status = value;
}

/* ---- features ---- */

uint32_t
model_features_read(const struct model *m)
{
    if (!(m->status & DRIVER))
        model_violation(m, "3.1.1: features read before DRIVER");
    return model_half(m->offered, m->device_select);
}

void
model_features_write(struct model *m, unsigned half, uint32_t value)
{
    if (half > 1) {
        model_violation(m, "2.2: features beyond 64 bits");
        return;
    }
    if (!(m->status & DRIVER))
        model_violation(m, "3.1.1: features before DRIVER");
    if (m->status & (FEATURES_OK | DRIVER_OK))
        model_violation(m, "2.2.1: features after they were settled");
    m->features_written = true;
    model_half_set(&m->accepted, half, value);
}

/* ---- configuration ---- */

#define ALWAYS 0xff

/* Fields, their natural widths and what must be negotiated before they are there (5.1.4,
 * 5.2.4, 5.3.4). `count` bytes of an array are fields of their own. */
static const struct {
    uint16_t type, offset;
    uint8_t width, count, feature;
} fields[] = {
    {VIRTIO_ID_NET, 0, 1, 6, 5},        {VIRTIO_ID_NET, 6, 2, 1, 16},
    {VIRTIO_ID_NET, 8, 2, 1, 22},       {VIRTIO_ID_NET, 10, 2, 1, 3},
    {VIRTIO_ID_BLOCK, 0, 8, 1, ALWAYS}, {VIRTIO_ID_BLOCK, 8, 4, 1, 1},
    {VIRTIO_ID_BLOCK, 12, 4, 1, 2},     {VIRTIO_ID_BLOCK, 16, 2, 1, 4},
    {VIRTIO_ID_BLOCK, 18, 1, 2, 4},     {VIRTIO_ID_BLOCK, 20, 4, 1, 6},
    {VIRTIO_ID_BLOCK, 24, 1, 2, 10},    {VIRTIO_ID_BLOCK, 26, 2, 1, 10},
    {VIRTIO_ID_BLOCK, 28, 4, 1, 10},    {VIRTIO_ID_BLOCK, 32, 1, 1, 11},
    {VIRTIO_ID_CONSOLE, 0, 2, 2, 0},    {VIRTIO_ID_CONSOLE, 4, 4, 1, 1},
    {VIRTIO_ID_CONSOLE, 8, 4, 1, 2},
};

/* Types whose fields the table knows; others are the test's own, and free. */
static bool
type_known(uint16_t type)
{
    return type >= VIRTIO_ID_NET && type <= VIRTIO_ID_ENTROPY;
}

static void
field_check(const struct model *m, size_t offset, unsigned width)
{
    if (!type_known(m->setup.type))
        return;
    for (unsigned i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        size_t at = offset - fields[i].offset;
        unsigned natural = fields[i].width == 8 ? 4 : fields[i].width;
        if (fields[i].type != m->setup.type || at >= fields[i].width * fields[i].count)
            continue;
        if (width != natural || at % natural)
            model_violation(m, "4.1.3.1: %u bytes at configuration offset %zu, not %u", width,
                            offset, natural);
        if (fields[i].feature != ALWAYS && !model_negotiated(m, fields[i].feature))
            model_violation(m, "2.5.1: configuration offset %zu without feature %u", offset,
                            fields[i].feature);
        return;
    }
    model_violation(m, "2.5.1: no field at configuration offset %zu", offset);
}

static bool
config_reachable(struct model *m, size_t offset, unsigned width)
{
    if (m->setup.lies.config_access)
        m->setup.lies.config_access(m, offset, m->setup.arg);
    if (!(m->status & DRIVER))
        model_violation(m, "3.1.1: configuration before DRIVER");
    field_check(m, offset, width);
    if (offset + width <= m->setup.config_len)
        return true;
    model_violation(m, "2.5: configuration offset %zu is past its end", offset);
    return false;
}

uint32_t
model_config_read(struct model *m, size_t offset, unsigned width)
{
    uint32_t value = 0xffffffff;

    if (config_reachable(m, offset, width)) {
        value = 0;
        memcpy(&value, m->config + offset, width);
    }
    return value;
}

void
model_config_write(struct model *m, size_t offset, uint32_t value, unsigned width)
{
    if (config_reachable(m, offset, width))
        memcpy(m->config + offset, &value, width);
}

void
model_config_poke(struct model *m, size_t offset, const void *from, size_t len)
{
    memcpy(m->config + offset, from, len);
    m->generation++;
    if (m->setup.bus == MODEL_LGUEST)
        memcpy(model_lguest_config(m) + offset, from, len);
}

void
model_config_set(struct model *m, size_t offset, const void *from, size_t len)
{
    model_config_poke(m, offset, from, len);
    if (m->status & DRIVER_OK)
        model_interrupt(m, VIRTIO_ISR_CONFIG);
}

/* ---- interrupt, notification ---- */

uint8_t
model_isr_read(struct model *m)
{
    uint8_t isr = m->isr;

    m->isr = 0;
    return isr;
}

static void
isr_raise(struct model *m, uint8_t isr)
{
    m->edge |= m->isr == 0 && isr != 0;
    m->isr |= isr;
}

/* By a message where MSI-X is enabled, then the ISR says nothing (4.1.4.5). */
static void
interrupt_by(struct model *m, uint8_t isr, uint16_t vector)
{
    if (model_msix_enabled(m))
        model_msix_raise(m, vector);
    else
        isr_raise(m, isr);
}

void
model_queue_interrupt(struct model *m, unsigned queue)
{
    if (m->setup.bus == MODEL_LGUEST)
        model_host_raise(m->queues[queue].irq);
    else
        interrupt_by(m, VIRTIO_ISR_QUEUE, m->queues[queue].vector);
}

void
model_interrupt(struct model *m, uint8_t isr)
{
    if (m->setup.bus != MODEL_LGUEST && !model_msix_enabled(m)) {
        isr_raise(m, isr);
        return;
    }
    if (m->setup.bus != MODEL_LGUEST && isr & VIRTIO_ISR_CONFIG)
        model_msix_raise(m, m->config_vector);
    /* Each queue has a line of its own, and lguest's configuration none. */
    for (unsigned i = 0; isr & VIRTIO_ISR_QUEUE && i < m->setup.nr_queues; i++)
        model_queue_interrupt(m, i);
}

void
model_needs_reset(struct model *m)
{
    m->status |= NEEDS_RESET;
    if (m->status & DRIVER_OK)
        model_interrupt(m, VIRTIO_ISR_CONFIG);
}

void
model_notify(struct model *m, unsigned queue)
{
    if (queue >= m->setup.nr_queues || !m->queues[queue].enabled) {
        model_violation(m, "2.3: queue %u is notified and does not exist", queue);
        return;
    }
    if (!(m->status & DRIVER_OK))
        model_violation(m, "3.1.1: queue %u notified before DRIVER_OK", queue);
    m->queues[queue].notified++;
    m->queues[queue].pending = true;
}

/* ---- looking ---- */

uint8_t
model_status(const struct model *m)
{
    return m->status;
}

uint64_t
model_accepted(const struct model *m)
{
    return m->accepted;
}

bool
model_queue_enabled(const struct model *m, unsigned queue)
{
    return m->queues[queue].enabled;
}

unsigned
model_notified(const struct model *m, unsigned queue)
{
    return m->queues[queue].notified;
}

uint16_t
model_queue_vector(const struct model *m, unsigned queue)
{
    return m->queues[queue].vector;
}

unsigned
model_resets(const struct model *m)
{
    return m->resets;
}

unsigned
model_starts(const struct model *m)
{
    return m->starts;
}

unsigned
model_failures(const struct model *m)
{
    return m->failures;
}

const uint8_t *
model_config(const struct model *m)
{
    return m->setup.bus == MODEL_LGUEST ? model_lguest_config(m) : m->config;
}

void
model_lie(struct model *m, const struct model_lies *lies)
{
    m->setup.lies = *lies;
}

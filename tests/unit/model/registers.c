/*
 * The model's registers as the two PCI faces lay them out (virtio 1.2, 4.1.4.3 to 4.1.4.10):
 * which offset is which register, and the one width that it may be accessed with. The numbers
 * are written out from the specification once more, not taken from the driver's header.
 */
#include "model/device.h"
#include "shim.h"

struct reg {
    uint8_t offset, width;
};

static void
width_check(const struct model *m, const struct reg *table, unsigned n, uint32_t offset,
            unsigned width)
{
    for (unsigned i = 0; i < n; i++)
        if (table[i].offset == offset && table[i].width == width)
            return;
    model_violation(m, "4.1.3.1: %u bytes at register offset %u", width, offset);
}

/* ---- legacy ---- */

static const struct reg legacy_regs[] = {{0, 4},  {4, 4},  {8, 4},  {12, 2}, {14, 2},
                                         {16, 2}, {18, 1}, {19, 1}, {20, 2}, {22, 2}};
#define LEGACY_REGS (sizeof(legacy_regs) / sizeof(legacy_regs[0]))

static uint32_t
legacy_config_start(const struct model *m)
{
    return model_msix_enabled(m) ? 24 : 20;
}

uint32_t
model_legacy_read(struct model *m, uint32_t offset, unsigned width)
{
    if (offset >= legacy_config_start(m))
        return model_config_read(m, offset - legacy_config_start(m), width);
    width_check(m, legacy_regs, LEGACY_REGS, offset, width);
    switch (offset) {
    case 0:
        return m->offered;
    case 4:
        return m->accepted;
    case 8:
        return model_queue_selected(m)->desc >> 12;
    case 12:
        return model_queue_selected(m)->max;
    case 14:
        return m->queue_select;
    case 18:
        return model_status_read(m);
    case 19:
        return model_isr_read(m);
    case 20:
        return m->config_vector;
    case 22:
        return model_queue_selected(m)->vector;
    default:
        return 0xffffffff;
    }
}

static void
legacy_pfn(struct model *m, uint32_t pfn)
{
    struct model_queue *q = model_queue_selected(m);

    if (!model_queue_writable(m))
        return;
    q->enabled = false;
    model_queue_place(q, (uint64_t)pfn << 12, q->max);
    if (pfn)
        model_queue_enable(m, m->queue_select);
}

void
model_legacy_write(struct model *m, uint32_t offset, uint32_t value, unsigned width)
{
    if (offset >= legacy_config_start(m)) {
        model_config_write(m, offset - legacy_config_start(m), value, width);
        return;
    }
    width_check(m, legacy_regs, LEGACY_REGS, offset, width);
    switch (offset) {
    case 4:
        model_features_write(m, 0, value);
        break;
    case 8:
        legacy_pfn(m, value);
        break;
    case 14:
        m->queue_select = value;
        break;
    case 16:
        model_notify(m, value);
        break;
    case 18:
        m->by_ports = true;
        model_status_write(m, value);
        break;
    case 20:
        model_vector_write(m, &m->config_vector, value);
        break;
    case 22:
        model_vector_write(m, &model_queue_selected(m)->vector, value);
        break;
    default:
        model_violation(m, "4.1.4.10: write to register offset %u", offset);
    }
}

/* ---- modern ---- */

static const struct reg common_regs[] = {
    {0, 4},  {4, 4},  {8, 4},  {12, 4}, {16, 2}, {18, 2}, {20, 1}, {21, 1}, {22, 2}, {24, 2},
    {26, 2}, {28, 2}, {30, 2}, {32, 4}, {36, 4}, {40, 4}, {44, 4}, {48, 4}, {52, 4}};

static uint32_t
common_read(struct model *m, uint32_t offset, unsigned width)
{
    struct model_queue *q = model_queue_selected(m);

    width_check(m, common_regs, sizeof(common_regs) / sizeof(common_regs[0]), offset, width);
    switch (offset) {
    case 0:
        return m->device_select;
    case 4:
        return model_features_read(m);
    case 8:
        return m->driver_select;
    case 12:
        return model_half(m->accepted, m->driver_select);
    case 16:
        return m->config_vector;
    case 26:
        return q->vector;
    case 18:
        return m->setup.nr_queues;
    case 20:
        return model_status_read(m);
    case 21:
        return m->generation;
    case 22:
        return m->queue_select;
    case 24:
        return q->size;
    case 28:
        return q->enabled;
    case 30:
        return m->queue_select;
    case 32:
    case 36:
        return model_half(q->desc, (offset - 32) / 4);
    case 40:
    case 44:
        return model_half(q->driver, (offset - 40) / 4);
    case 48:
    case 52:
        return model_half(q->device, (offset - 48) / 4);
    default:
        return 0xffffffff;
    }
}

static void
common_queue_write(struct model *m, uint32_t offset, uint32_t value)
{
    struct model_queue *q = model_queue_selected(m);

    if (!model_queue_writable(m))
        return;
    switch (offset) {
    case 24:
        model_queue_size_write(m, value);
        break;
    case 26:
        if (q->enabled)
            model_violation(m, "4.1.4.3.2: the vector of a queue that is enabled");
        model_vector_write(m, &q->vector, value);
        break;
    case 28:
        if (value != 1)
            model_violation(m, "4.1.4.3.2: queue_enable set to %u", value);
        model_queue_enable(m, m->queue_select);
        break;
    case 32:
    case 36:
        model_half_set(&q->desc, (offset - 32) / 4, value);
        break;
    case 40:
    case 44:
        model_half_set(&q->driver, (offset - 40) / 4, value);
        break;
    case 48:
    case 52:
        model_half_set(&q->device, (offset - 48) / 4, value);
        break;
    default:
        model_violation(m, "4.1.4.3: write to read-only offset %u", offset);
    }
}

static void
common_write(struct model *m, uint32_t offset, uint32_t value, unsigned width)
{
    width_check(m, common_regs, sizeof(common_regs) / sizeof(common_regs[0]), offset, width);
    switch (offset) {
    case 0:
        m->device_select = value;
        break;
    case 8:
        m->driver_select = value;
        break;
    case 12:
        model_features_write(m, m->driver_select, value);
        break;
    case 16:
        model_vector_write(m, &m->config_vector, value);
        break;
    case 20:
        m->by_ports = false;
        model_status_write(m, value);
        break;
    case 22:
        m->queue_select = value;
        break;
    default:
        common_queue_write(m, offset, value);
    }
}

uint32_t
model_modern_read(struct model *m, uint32_t offset, unsigned width)
{
    const struct model_layout *l = model_layout(m);

    if (offset >= l->device)
        return model_config_read(m, offset - l->device, width);
    if (offset >= l->notify) {
        model_violation(m, "4.1.4.4: the notification window was read");
        return 0xffffffff;
    }
    if (offset == l->isr && width == 1)
        return model_isr_read(m);
    return common_read(m, offset - l->common, width);
}

/* 4.1.4.4: the place says which queue, and so does the value. */
static void
notify_write(struct model *m, uint32_t offset, uint32_t value, unsigned width)
{
    uint32_t place = m->setup.notify_multiplier_0 ? 0 : 4 * value;

    if (width != 2 || offset != place)
        model_violation(m, "4.1.4.4: queue %u notified with %u bytes at %u", value, width,
                        offset);
    model_notify(m, value);
}

void
model_modern_write(struct model *m, uint32_t offset, uint32_t value, unsigned width)
{
    const struct model_layout *l = model_layout(m);

    if (offset >= l->device)
        model_config_write(m, offset - l->device, value, width);
    else if (offset >= l->notify)
        notify_write(m, offset - l->notify, value, width);
    else
        common_write(m, offset - l->common, value, width);
}

/*
 * The lguest device page as a virtio transport: descriptors packed without alignment into the
 * page behind RAM, status and features as bytes in them, and one hypercall for everything that
 * is to be told (docs/lguest.md has each function's counterpart in Linux's lguest_device.c).
 *
 * The page is the host's and can change under us. What decides where a field lies (numbers of
 * queues, lengths) is read once, when the page is walked, checked, and remembered.
 */
#include "abi/lguest.h"
#include "arch/x86/lguest/lguest.h"
#include "drivers/virtio/ring/ring.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/string.h"

/* The original launcher's device area: descriptor page and all rings (DEVICE_PAGES there). */
#define DEVICE_AREA (LGUEST_DEVICE_PAGES * PAGE_SIZE)

struct lguest_device {
    struct virtio_device v;
    volatile struct lguest_device_desc *desc;
    uint8_t num_vq, feature_len, config_len; /* as the walk found them */
    bool started;                            /* the one start notify was made */
};

/* A queue's interrupt: each has a line of its own on this bus, and there is none for the
 * configuration. */
struct lguest_queue {
    struct irq_line *line;
    struct irq_action action;
    bool attached;
};

static struct lguest_device *
lguest_device(struct virtio_device *v)
{
    return container_of(v, struct lguest_device, v);
}

/* ---- where things are in a descriptor (docs/lguest.md, device page) ---- */

static volatile uint8_t *
features_at(const struct lguest_device *d)
{
    return d->desc->rest + d->num_vq * LGUEST_VQCONFIG_SIZE;
}

static volatile uint8_t *
config_at(const struct lguest_device *d)
{
    return features_at(d) + 2u * d->feature_len;
}

/* ---- status ---- */

static uint8_t
lguest_get_status(struct virtio_device *v)
{
    return lguest_device(v)->desc->status;
}

/* The host takes the first notify on a non-zero status for "start" and dies of a second one;
 * FAILED it wants to hear of at once. Everything in between is only written. */
static void
lguest_set_status(struct virtio_device *v, uint8_t status)
{
    struct lguest_device *d = lguest_device(v);

    d->desc->status = status;
    if (status == 0) {
        lguest_notify((uintptr_t)d->desc);
        d->started = false;
    } else if (status & VIRTIO_STATUS_FAILED) {
        lguest_notify((uintptr_t)d->desc);
    } else if ((status & VIRTIO_STATUS_DRIVER_OK) && !d->started) {
        d->started = true;
        lguest_notify((uintptr_t)d->desc);
    }
}

/* ---- features: two bitmaps of feature_len bytes, what is beyond 32 bits is ignored ---- */

static uint64_t
lguest_get_features(struct virtio_device *v)
{
    struct lguest_device *d = lguest_device(v);
    uint64_t features = 0;

    for (unsigned i = 0; i < MIN(d->feature_len, 4u); i++)
        features |= (uint64_t)features_at(d)[i] << (8 * i);
    return features;
}

static void
lguest_set_features(struct virtio_device *v, uint64_t accepted)
{
    struct lguest_device *d = lguest_device(v);
    volatile uint8_t *bitmap = features_at(d) + d->feature_len;

    for (unsigned i = 0; i < d->feature_len; i++)
        bitmap[i] = i < 4 ? (uint8_t)(accepted >> (8 * i)) : 0;
}

/* ---- configuration ---- */

static size_t
lguest_config_size(struct virtio_device *v)
{
    return lguest_device(v)->config_len;
}

/* Nobody promises that the page aligns it. */
static uint32_t
lguest_config_read(struct virtio_device *v, size_t offset, size_t width)
{
    uint32_t value = 0;

    for (size_t i = 0; i < width; i++)
        value |= (uint32_t)config_at(lguest_device(v))[offset + i] << (8 * i);
    return value;
}

static void
lguest_config_write32(struct virtio_device *v, size_t offset, uint32_t value)
{
    for (size_t i = 0; i < sizeof(value); i++)
        config_at(lguest_device(v))[offset + i] = (uint8_t)(value >> (8 * i));
}

/* ---- queues ---- */

/* Rings exist between bring-up and reset only; outside, an interrupt means nothing. */
static void
queue_interrupt(void *arg)
{
    struct virtqueue *q = arg;

    q->device->interrupts++;
    if (q->device->running)
        queue_mark(q);
}

static struct lguest_vqconfig
vqconfig_read(const struct lguest_device *d, uint16_t index)
{
    const volatile uint8_t *at = d->desc->rest + index * LGUEST_VQCONFIG_SIZE;
    struct lguest_vqconfig c;

    for (size_t i = 0; i < sizeof(c); i++)
        ((uint8_t *)&c)[i] = at[i];
    return c;
}

/* The rings as the host laid them out: descriptors, the available ring right behind, the
 * used ring on the next multiple of LGUEST_VRING_ALIGN. Returns the bytes of it all. */
static size_t
area_at(struct vq_area *area, uintptr_t base, uint16_t num)
{
    size_t avail = num * sizeof(struct vring_desc);
    size_t used = avail + sizeof(struct vring_avail) + (num + 1u) * sizeof(uint16_t);

    used = (used + LGUEST_VRING_ALIGN - 1) & ~(size_t)(LGUEST_VRING_ALIGN - 1);
    *area = (struct vq_area){.size = num,
                             .desc = (void *)base,
                             .driver = (void *)(base + avail),
                             .device = (void *)(base + used)};
    return used + sizeof(struct vring_used) + num * sizeof(struct vring_used_elem) +
           sizeof(uint16_t);
}

static bool
overlaps(uintptr_t base, size_t size, const struct vq_area *other)
{
    struct vq_area scratch;
    size_t other_size = area_at(&scratch, (uintptr_t)other->desc, other->size);

    return base < (uintptr_t)other->desc + other_size && (uintptr_t)other->desc < base + size;
}

/* Rings lie behind the descriptor page, inside the device area, and each by itself. */
static bool
area_valid(uintptr_t base, size_t size)
{
    uintptr_t page = lguest_device_page();

    if (base < page + PAGE_SIZE || base - page > DEVICE_AREA ||
        size > DEVICE_AREA - (base - page))
        return false;
    for (struct virtio_device *v = virtio_device_next(NULL); v; v = virtio_device_next(v))
        for (unsigned i = 0; i < v->nr_queues; i++)
            if (v->queues[i]->area.desc && overlaps(base, size, &v->queues[i]->area))
                return false;
    return true;
}

static int
lguest_queue_setup(struct virtio_device *v, struct virtqueue *q)
{
    struct lguest_device *d = lguest_device(v);
    struct vq_area area;

    if (q->index >= d->num_vq)
        return -ENOENT;
    struct lguest_vqconfig c = vqconfig_read(d, q->index);
    if (c.num == 0 || c.num > VRING_SIZE_MAX || (c.num & (c.num - 1)) ||
        c.pfn > UINT32_MAX >> PAGE_SHIFT)
        return -EINVAL;
    uintptr_t base = (uintptr_t)c.pfn << PAGE_SHIFT;
    size_t size = area_at(&area, base, c.num);
    if (!area_valid(base, size) || !platform->map_device(base, size))
        return -EINVAL;

    struct lguest_queue *own = kmalloc(sizeof(*own));
    if (!own)
        return -ENOMEM;
    if (lguest_irq_claim(c.irq, &own->line)) {
        kfree(own);
        return -EINVAL;
    }
    own->action.handler = queue_interrupt;
    own->action.arg = q;
    q->transport_data = own;
    q->area = area;
    memset(area.desc, 0, size); /* also written before it is shared: checklist row 61 */
    return 0;
}

static void
lguest_queue_release(struct virtio_device *v, struct virtqueue *q)
{
    struct lguest_queue *own = q->transport_data;

    (void)v;
    if (own) {
        if (own->attached)
            irq_detach(own->line, &own->action);
        lguest_irq_release(own->line);
        kfree(own);
    }
    q->transport_data = NULL;
}

static int
lguest_start(struct virtio_device *v)
{
    for (unsigned i = 0; i < v->nr_queues; i++) {
        struct lguest_queue *own = v->queues[i]->transport_data;
        if (own && !own->attached) {
            irq_attach(own->line, &own->action);
            own->attached = true;
        }
    }
    return 0;
}

static void
lguest_stop(struct virtio_device *v)
{
    for (unsigned i = 0; i < v->nr_queues; i++) {
        struct lguest_queue *own = v->queues[i]->transport_data;
        if (own && own->attached) {
            irq_detach(own->line, &own->action);
            own->attached = false;
        }
    }
}

static void
lguest_queue_notify(struct virtio_device *v, struct virtqueue *q)
{
    if (lguest_device(v)->started)
        lguest_notify((uintptr_t)q->area.desc);
}

static const struct virtio_transport lguest_transport = {
    .name = "lguest",
    .get_status = lguest_get_status,
    .set_status = lguest_set_status,
    .get_features = lguest_get_features,
    .set_features = lguest_set_features,
    .config_size = lguest_config_size,
    .config_read = lguest_config_read,
    .config_write32 = lguest_config_write32,
    .queue_setup = lguest_queue_setup,
    .queue_release = lguest_queue_release,
    .start = lguest_start,
    .stop = lguest_stop,
    .notify = lguest_queue_notify,
    .modern = false,
    .no_get_id = true,
};

/* ---- the walk ---- */

/* What a descriptor says of itself, read once. */
struct descriptor {
    uint8_t type, num_vq, feature_len, config_len;
};

static void
device_new(volatile struct lguest_device_desc *at, const struct descriptor *desc,
           unsigned number)
{
    if (desc->type > VIRTIO_ID_ENTROPY) {
        log_warn("lguest %u: a device of type %u, which is not served here; skipped", number,
                 desc->type);
        return;
    }
    struct lguest_device *d = kmalloc(sizeof(*d));
    if (!d) {
        log_error("lguest %u: no memory for it", number);
        return;
    }
    d->desc = at;
    d->num_vq = desc->num_vq;
    d->feature_len = desc->feature_len;
    d->config_len = desc->config_len;
    d->v.transport = &lguest_transport;
    d->v.type = desc->type; /* the bus numbers its types as virtio does */
    ksnprintf(d->v.where, sizeof(d->v.where), "lguest %u", number);
    virtio_device_found(&d->v);
}

/* The descriptor with `left` bytes of the page before it; its size in bytes, 0 when it leaves
 * the page or is the end (type 0). */
static size_t
descriptor_read(const volatile struct lguest_device_desc *at, size_t left,
                struct descriptor *out)
{
    *out = (struct descriptor){.type = at->type};
    if (out->type == 0 || left < LGUEST_DESC_HEADER)
        return 0;
    out->num_vq = at->num_vq;
    out->feature_len = at->feature_len;
    out->config_len = at->config_len;
    size_t size = LGUEST_DESC_HEADER + out->num_vq * LGUEST_VQCONFIG_SIZE +
                  2u * out->feature_len + out->config_len;
    return size <= left ? size : 0;
}

static void
lguest_scan(void)
{
    struct descriptor desc;
    size_t size;

    if (!lguest_device_page())
        return;
    char *page = platform->map_device(lguest_device_page(), PAGE_SIZE);
    unsigned number = 0;
    for (size_t at = 0; at < PAGE_SIZE; at += size, number++) {
        volatile struct lguest_device_desc *found = (void *)(page + at);
        size = descriptor_read(found, PAGE_SIZE - at, &desc);
        if (size == 0) {
            if (desc.type != 0)
                log_warn("lguest %u: its descriptor leaves the page; the walk ends there",
                         number);
            return;
        }
        device_new(found, &desc, number);
    }
}

static const struct bus lguest_bus = {"lguest", lguest_scan};
ENLIST(buses, lguest_bus);

/*
 * The modern face of a virtio PCI function (virtio 1.2, 4.1.4): registers in up to four
 * windows, each described by a vendor capability as an offset and a length inside some BAR.
 *
 * The capabilities are the device's word, so each is checked before it is believed: its own
 * length, the BAR it names, that the window lies inside that BAR. Of several for the same
 * purpose the first that can be used wins (4.1.4.1).
 */
#include "drivers/virtio/transport/pci.h"
#include "drivers/virtio/ring/ring.h"
#include "kernel/kernel.h"

/* ---- finding the windows ---- */

#define PCI_CONFIG_SIZE 256

#define CAP_NOTIFY_LEN (sizeof(struct virtio_pci_cap) + 4) /* with the multiplier */
#define NOTIFY_OFFSET  sizeof(struct virtio_pci_cap)
#define CAP_CONFIG_LEN (sizeof(struct virtio_pci_cap) + 4) /* with the data register */

/* What a look through the capabilities needs to remember. */
struct search {
    struct virtio_pci *p;
    struct pci_bar bars[PCI_NR_BARS]; /* probed when first named */
    bool probed[PCI_NR_BARS];
    unsigned config; /* offset of the PCI_CFG capability; 0: none */
    bool high;       /* a window was skipped since it lies above 4 GiB */
};

/* Least length and alignment of a window, by capability type (4.1.4.3 to 4.1.4.6). */
static const struct {
    uint32_t least, align;
} shape[] = {
    [VIRTIO_PCI_CAP_COMMON_CFG] = {sizeof(struct virtio_pci_common_cfg), 4},
    [VIRTIO_PCI_CAP_NOTIFY_CFG] = {2, 2},
    [VIRTIO_PCI_CAP_ISR_CFG] = {1, 1},
    [VIRTIO_PCI_CAP_DEVICE_CFG] = {1, 4},
};

static const struct pci_bar *
bar_get(struct search *s, unsigned index)
{
    if (!s->probed[index] && pci_bar(&s->p->pci, index, &s->bars[index]) != 0)
        s->bars[index].size = 0;
    s->probed[index] = true;
    return &s->bars[index];
}

/* The window that the capability at `at` describes; len 0 if it is none. */
static struct pci_window
window_of(struct search *s, unsigned at, uint8_t type)
{
    const struct pci_device *d = &s->p->pci;
    struct pci_window none = {0};
    uint8_t index = pci_read8(d, at + offsetof(struct virtio_pci_cap, bar));
    uint32_t offset = pci_read32(d, at + offsetof(struct virtio_pci_cap, offset));
    uint32_t length = pci_read32(d, at + offsetof(struct virtio_pci_cap, length));

    if (index >= PCI_NR_BARS || length < shape[type].least || offset % shape[type].align)
        return none;
    const struct pci_bar *bar = bar_get(s, index);
    if (length > bar->size || offset > bar->size - length)
        return none;
    if (bar->base + offset <= BIT(32) - length)
        return (struct pci_window){.kind = bar->io ? WINDOW_PORTS : WINDOW_MEMORY,
                                   .base = bar->base + offset,
                                   .len = length};
    s->high = true;
    if (s->config == 0)
        return none;
    return (struct pci_window){.kind = WINDOW_CONFIG,
                               .base = offset,
                               .len = length,
                               .pci = d,
                               .bar = index,
                               .capability = s->config};
}

static struct pci_window *
window_for(struct virtio_pci *p, uint8_t type)
{
    switch (type) {
    case VIRTIO_PCI_CAP_COMMON_CFG:
        return &p->common;
    case VIRTIO_PCI_CAP_NOTIFY_CFG:
        return &p->notify;
    case VIRTIO_PCI_CAP_ISR_CFG:
        return &p->isr;
    case VIRTIO_PCI_CAP_DEVICE_CFG:
        return &p->config;
    default:
        return NULL;
    }
}

/* Call take() for every vendor capability. */
static void
capabilities_walk(struct search *s, void (*take)(struct search *, unsigned at))
{
    unsigned at = 0;

    for (unsigned n = 0; n < PCI_CAPABILITIES_MAX; n++) {
        at = pci_capability(&s->p->pci, PCI_CAPABILITY_VENDOR, at);
        if (at == 0)
            break;
        take(s, at);
    }
}

/* The way to registers that lie above 4 GiB (4.1.4.9). */
static void
config_window_take(struct search *s, unsigned at)
{
    const struct pci_device *d = &s->p->pci;

    if (pci_read8(d, at + offsetof(struct virtio_pci_cap, cfg_type)) ==
            VIRTIO_PCI_CAP_PCI_CFG &&
        pci_read8(d, at + offsetof(struct virtio_pci_cap, cap_len)) >= CAP_CONFIG_LEN &&
        at + CAP_CONFIG_LEN <= PCI_CONFIG_SIZE && s->config == 0)
        s->config = at;
}

static void
capability_take(struct search *s, unsigned at)
{
    const struct pci_device *d = &s->p->pci;
    uint8_t len = pci_read8(d, at + offsetof(struct virtio_pci_cap, cap_len));
    uint8_t type = pci_read8(d, at + offsetof(struct virtio_pci_cap, cfg_type));
    struct pci_window *w = window_for(s->p, type);
    bool notify = type == VIRTIO_PCI_CAP_NOTIFY_CFG;
    size_t least = notify ? CAP_NOTIFY_LEN : sizeof(struct virtio_pci_cap);

    if (!w || w->len != 0 || len < least || at + len > PCI_CONFIG_SIZE)
        return;
    *w = window_of(s, at, type);
    if (notify && w->len)
        s->p->notify_multiplier = pci_read32(d, at + NOTIFY_OFFSET);
}

/* ---- the transport ---- */

#define COMMON(field) offsetof(struct virtio_pci_common_cfg, field)

static const struct pci_window *
common(struct virtio_device *v)
{
    return &((struct virtio_pci *)v)->common;
}

static uint8_t
get_status(struct virtio_device *v)
{
    return pci_window_read8(common(v), COMMON(device_status));
}

static void
set_status(struct virtio_device *v, uint8_t status)
{
    pci_window_write8(common(v), COMMON(device_status), status);
}

static uint64_t
get_features(struct virtio_device *v)
{
    const struct pci_window *w = common(v);

    pci_window_write32(w, COMMON(device_feature_select), 0);
    uint64_t low = pci_window_read32(w, COMMON(device_feature));
    pci_window_write32(w, COMMON(device_feature_select), 1);
    return low | (uint64_t)pci_window_read32(w, COMMON(device_feature)) << 32;
}

static void
set_features(struct virtio_device *v, uint64_t accepted)
{
    const struct pci_window *w = common(v);

    pci_window_write32(w, COMMON(driver_feature_select), 0);
    pci_window_write32(w, COMMON(driver_feature), accepted);
    pci_window_write32(w, COMMON(driver_feature_select), 1);
    pci_window_write32(w, COMMON(driver_feature), accepted >> 32);
}

static size_t
config_size(struct virtio_device *v)
{
    return ((struct virtio_pci *)v)->config.len;
}

static uint32_t
config_read(struct virtio_device *v, size_t offset, size_t width)
{
    return pci_window_read(&((struct virtio_pci *)v)->config, offset, width);
}

static void
config_write32(struct virtio_device *v, size_t offset, uint32_t value)
{
    pci_window_write32(&((struct virtio_pci *)v)->config, offset, value);
}

static uint32_t
config_generation(struct virtio_device *v)
{
    return pci_window_read8(common(v), COMMON(config_generation));
}

/* 64-bit registers are two of 32 bits each (4.1.3.1). */
static void
write_address(const struct pci_window *w, uint32_t low_offset, const void *address)
{
    uint64_t physical = (uintptr_t)address;

    pci_window_write32(w, low_offset, physical);
    pci_window_write32(w, low_offset + 4, physical >> 32);
}

/* Where the selected queue is notified (4.1.4.4); the multiplier may be 0, then all queues
 * share one address. */
static bool
notify_place(struct virtio_pci *p, uint32_t *place)
{
    uint64_t at = pci_window_read16(&p->common, COMMON(queue_notify_off));

    at *= p->notify_multiplier;
    if (at + sizeof(uint16_t) > p->notify.len)
        return false;
    *place = at;
    return true;
}

/* 4.1.5.1.3: select, size, memory, addresses, enable. */
static int
queue_setup(struct virtio_device *v, struct virtqueue *q)
{
    struct virtio_pci *p = (struct virtio_pci *)v;
    const struct pci_window *w = &p->common;

    if (q->index >= pci_window_read16(w, COMMON(num_queues)))
        return -ENOENT;
    pci_window_write16(w, COMMON(queue_select), q->index);
    uint16_t size = pci_window_read16(w, COMMON(queue_size));
    if (size == 0)
        return -ENOENT;
    if (!notify_place(p, &q->notify_data))
        return -EINVAL;
    int error = queue_area_alloc(q, size, sizeof(uint32_t));
    if (error)
        return error;
    write_address(w, COMMON(queue_desc_lo), q->area.desc);
    write_address(w, COMMON(queue_driver_lo), q->area.driver);
    write_address(w, COMMON(queue_device_lo), q->area.device);
    virtio_pci_queue_vector(p, q);
    pci_window_write16(w, COMMON(queue_enable), 1);
    return 0;
}

static void
notify(struct virtio_device *v, struct virtqueue *q)
{
    pci_window_write16(&((struct virtio_pci *)v)->notify, q->notify_data, q->index);
}

static const struct virtio_transport transport = {
    .name = "pci-modern",
    .get_status = get_status,
    .set_status = set_status,
    .get_features = get_features,
    .set_features = set_features,
    .config_size = config_size,
    .config_read = config_read,
    .config_write32 = config_write32,
    .config_generation = config_generation,
    .queue_setup = queue_setup,
    .start = virtio_pci_start,
    .stop = virtio_pci_stop,
    .notify = notify,
    .modern = true,
};

const char *
virtio_pci_modern_find(struct virtio_pci *p)
{
    struct search s = {.p = p};

    capabilities_walk(&s, capability_take);
    if (s.high && !(p->common.len && p->notify.len && p->isr.len && p->config.len)) {
        capabilities_walk(&s, config_window_take);
        capabilities_walk(&s, capability_take);
    }
    /* The device configuration is optional (4.1.4.6). */
    if (p->common.len && p->notify.len && p->isr.len) {
        p->v.transport = &transport;
        p->config_vector = COMMON(config_msix_vector);
        p->queue_vector = COMMON(queue_msix_vector);
        return NULL;
    }
    return s.high ? "its registers lie above 4 GiB, and it has no window to reach them through"
                  : "its capabilities describe no usable set of registers";
}

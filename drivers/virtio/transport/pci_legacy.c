/*
 * The legacy face of a virtio PCI function (virtio 1.2, 4.1.4.10): a block of ports in BAR 0,
 * 32 feature bits, no FEATURES_OK, and queues that are told to the device as one page number,
 * with the layout of 2.7.2 behind it.
 */
#include "drivers/virtio/transport/pci.h"
#include "drivers/virtio/ring/ring.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"

static const struct pci_window *
registers(struct virtio_device *v)
{
    return &((struct virtio_pci *)v)->common;
}

static uint8_t
get_status(struct virtio_device *v)
{
    return pci_window_read8(registers(v), VIRTIO_PCI_LEGACY_STATUS);
}

static void
set_status(struct virtio_device *v, uint8_t status)
{
    pci_window_write8(registers(v), VIRTIO_PCI_LEGACY_STATUS, status);
}

static uint64_t
get_features(struct virtio_device *v)
{
    return pci_window_read32(registers(v), VIRTIO_PCI_LEGACY_DEVICE_FEATURES);
}

static void
set_features(struct virtio_device *v, uint64_t accepted)
{
    pci_window_write32(registers(v), VIRTIO_PCI_LEGACY_DRIVER_FEATURES, accepted);
}

/* The device configuration starts four bytes later while MSI-X is enabled (4.1.4.10). */
static uint32_t
config_start(struct virtio_device *v)
{
    return ((struct virtio_pci *)v)->msix.size ? VIRTIO_PCI_LEGACY_CONFIG_WITH_VECTORS
                                               : VIRTIO_PCI_LEGACY_CONFIG;
}

static size_t
config_size(struct virtio_device *v)
{
    uint32_t start = config_start(v), len = registers(v)->len;

    return len > start ? len - start : 0;
}

static uint32_t
config_read(struct virtio_device *v, size_t offset, size_t width)
{
    return pci_window_read(registers(v), config_start(v) + offset, width);
}

static void
config_write32(struct virtio_device *v, size_t offset, uint32_t value)
{
    pci_window_write32(registers(v), config_start(v) + offset, value);
}

/* 4.1.5.1.3: select, size (which the driver cannot change), page number. */
static int
queue_setup(struct virtio_device *v, struct virtqueue *q)
{
    const struct pci_window *w = registers(v);

    pci_window_write16(w, VIRTIO_PCI_LEGACY_QUEUE_SELECT, q->index);
    uint16_t size = pci_window_read16(w, VIRTIO_PCI_LEGACY_QUEUE_SIZE);
    if (size == 0)
        return -ENOENT;
    int error = queue_area_alloc(q, size, VIRTIO_PCI_LEGACY_ALIGN);
    if (error)
        return error;
    virtio_pci_queue_vector((struct virtio_pci *)v, q);
    pci_window_write32(w, VIRTIO_PCI_LEGACY_QUEUE_PFN, (uintptr_t)q->area.desc >> PAGE_SHIFT);
    return 0;
}

static void
notify(struct virtio_device *v, struct virtqueue *q)
{
    pci_window_write16(registers(v), VIRTIO_PCI_LEGACY_QUEUE_NOTIFY, q->index);
}

static const struct virtio_transport transport = {
    .name = "pci-legacy",
    .get_status = get_status,
    .set_status = set_status,
    .get_features = get_features,
    .set_features = set_features,
    .config_size = config_size,
    .config_read = config_read,
    .config_write32 = config_write32,
    .queue_setup = queue_setup,
    .start = virtio_pci_start,
    .stop = virtio_pci_stop,
    .notify = notify,
    .modern = false,
};

const char *
virtio_pci_legacy_find(struct virtio_pci *p)
{
    struct pci_bar bar;

    if (pci_bar(&p->pci, 0, &bar) != 0 || !bar.io || bar.size < VIRTIO_PCI_LEGACY_CONFIG)
        return "BAR 0 is not the block of ports that a legacy device has";
    p->common = (struct pci_window){.kind = WINDOW_PORTS, .base = bar.base, .len = bar.size};
    p->isr = (struct pci_window){
        .kind = WINDOW_PORTS, .base = bar.base + VIRTIO_PCI_LEGACY_ISR, .len = 1};
    p->notify = p->config = (struct pci_window){0};
    p->v.transport = &transport;
    p->config_vector = VIRTIO_PCI_LEGACY_CONFIG_VECTOR;
    p->queue_vector = VIRTIO_PCI_LEGACY_QUEUE_VECTOR;
    return NULL;
}

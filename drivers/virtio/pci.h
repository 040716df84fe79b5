/*
 * Shared by the bus (pci.c) and the two faces of a virtio PCI function (pci_legacy.c,
 * pci_modern.c): the function itself and the windows through which its registers are reached.
 */
#ifndef DRIVERS_VIRTIO_PCI_H
#define DRIVERS_VIRTIO_PCI_H

#include "arch/x86/pci.h"
#include "drivers/virtio/virtio.h"

/* A run of registers inside one BAR; len 0: not there. */
struct pci_window {
    bool io;
    uint64_t base;       /* port number or physical address */
    volatile char *mmio; /* where it was mapped, of memory windows */
    uint32_t len;        /* bytes */
};

struct virtio_pci {
    struct virtio_device v; /* first: the core knows no other address */
    struct pci_device pci;
    struct irq_line *irq;
    struct irq_action action;
    struct pci_window common, notify, isr, config;
    uint32_t notify_multiplier;
};

/* One access of exactly this width, at an offset that was checked against len. */
uint8_t pci_window_read8(const struct pci_window *, uint32_t offset);
uint16_t pci_window_read16(const struct pci_window *, uint32_t offset);
uint32_t pci_window_read32(const struct pci_window *, uint32_t offset);
void pci_window_write8(const struct pci_window *, uint32_t offset, uint8_t value);
void pci_window_write16(const struct pci_window *, uint32_t offset, uint16_t value);
void pci_window_write32(const struct pci_window *, uint32_t offset, uint32_t value);
/* Configuration fields in their natural widths (virtio 1.2, 4.1.3.1); -EINVAL outside. */
int pci_window_get(const struct pci_window *, size_t offset, void *to, size_t len);
int pci_window_set(const struct pci_window *, size_t offset, const void *from, size_t len);

/* Common to both faces: INTx. */
int virtio_pci_start(struct virtio_device *);
void virtio_pci_stop(struct virtio_device *);
void virtio_pci_queue_release(struct virtio_device *, struct virtqueue *);

/*
 * Find the registers of a face by configuration space alone. NULL and the transport set, or
 * why the function cannot be used that way.
 */
const char *virtio_pci_modern_find(struct virtio_pci *);
const char *virtio_pci_legacy_find(struct virtio_pci *);

#endif

/*
 * Shared by the bus (pci.c) and the two faces of a virtio PCI function (pci_legacy.c,
 * pci_modern.c): the function itself and the windows through which its registers are reached.
 */
#ifndef DRIVERS_VIRTIO_TRANSPORT_PCI_H
#define DRIVERS_VIRTIO_TRANSPORT_PCI_H

#include "arch/x86/pci/msix.h"
#include "arch/x86/pci/pci.h"
#include "drivers/virtio/virtio.h"

/*
 * A run of registers inside one BAR, len bytes; 0: not there. How it is reached depends on
 * where firmware put the BAR: in ports, in memory, or, if that is beyond 4 GiB, a register at a
 * time through the function's configuration space (virtio 1.2, 4.1.4.9).
 */
struct pci_window {
    enum { WINDOW_PORTS, WINDOW_MEMORY, WINDOW_CONFIG } kind;
    uint32_t len;
    uint32_t base;       /* port number, physical address, or offset in the BAR */
    volatile char *mmio; /* WINDOW_MEMORY: where it was mapped */
    /* WINDOW_CONFIG: */
    const struct pci_device *pci;
    uint8_t bar, capability; /* which BAR, and the offset of the PCI_CFG capability */
};

/* One MSI-X vector of a function; entry and vector have the same number. */
struct pci_vector {
    struct virtio_pci *p;
    struct irq_line *line; /* NULL: not in use */
    struct irq_action action;
};

struct virtio_pci {
    struct virtio_device v; /* first: the core knows no other address */
    struct pci_device pci;
    struct pci_window common, notify, isr, config;
    uint32_t notify_multiplier;
    /* Offsets in `common`: vector of configuration changes, vector of the selected queue. */
    uint32_t config_vector, queue_vector;

    /* pci_irq.c's: either MSI-X or INTx. A queue's transport_data is its vector. */
    struct msix msix; /* of size 0: INTx */
    struct pci_vector vectors[1 + VIRTIO_MAX_QUEUES];
    struct irq_line *irq;
    struct irq_action action;
};

/* One access of exactly this width, at an offset that was checked against len. */
uint8_t pci_window_read8(const struct pci_window *, uint32_t offset);
uint16_t pci_window_read16(const struct pci_window *, uint32_t offset);
uint32_t pci_window_read32(const struct pci_window *, uint32_t offset);
void pci_window_write8(const struct pci_window *, uint32_t offset, uint8_t value);
void pci_window_write16(const struct pci_window *, uint32_t offset, uint16_t value);
void pci_window_write32(const struct pci_window *, uint32_t offset, uint32_t value);
/* The same for a width of 1, 2 or 4 bytes. */
uint32_t pci_window_read(const struct pci_window *, uint32_t offset, size_t width);

/* Common to both faces. */
/* For a function whose registers can be reached: MSI-X on, if it can be used. */
void virtio_pci_irq_open(struct virtio_pci *);
/* Give the selected queue, not yet enabled, its vector. */
void virtio_pci_queue_vector(struct virtio_pci *, struct virtqueue *);
int virtio_pci_start(struct virtio_device *);
void virtio_pci_stop(struct virtio_device *);

/*
 * Find the registers of a face by configuration space alone. NULL and the transport set, or
 * why the function cannot be used that way.
 */
const char *virtio_pci_modern_find(struct virtio_pci *);
const char *virtio_pci_legacy_find(struct virtio_pci *);

#endif

/*
 * Between the search for virtio-mmio devices (mmio_find.c) and the transport (mmio.c).
 */
#ifndef DRIVERS_VIRTIO_TRANSPORT_MMIO_H
#define DRIVERS_VIRTIO_TRANSPORT_MMIO_H

#include "drivers/virtio/virtio.h"

struct virtio_mmio {
    struct virtio_device v; /* first: the core knows no other address */
    volatile char *regs;
    uint32_t len; /* bytes from there on, configuration included */
    uint32_t version;
    struct irq_line *irq;
    struct irq_action action;
    struct deferred look_again; /* an interrupt that did not come to an end */
};

/*
 * Look at the registers (m->regs and m->len are set): fills version, type and transport. NULL,
 * with type 0 for a place where no device is; or why it cannot be used.
 */
const char *virtio_mmio_open(struct virtio_mmio *m);

#endif

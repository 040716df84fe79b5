/*
 * Between a ring layout, the queue that uses it and the transports that place it in memory.
 * Drivers do not include this: they see struct virtqueue and its verbs (virtio.h).
 */
#ifndef DRIVERS_VIRTIO_RING_H
#define DRIVERS_VIRTIO_RING_H

#include "drivers/virtio/virtio.h"

/*
 * The split layout (virtio 1.2, 2.7). Areas are in q->area and zeroed; fills q->ops, q->free
 * and the private state. -EINVAL: a size that is no power of two up to 32768. -ENOMEM.
 */
int split_init(struct virtqueue *q);

/*
 * For transports on which the driver brings the memory: zeroed pages for `size` entries, one
 * run, with the device area on a multiple of `align` (4096 on legacy transports, virtio 1.2,
 * 2.7.2; 4 elsewhere, a power of two). -EINVAL as above, -ENOMEM.
 */
int split_area_alloc(struct vq_area *area, uint16_t size, unsigned align);
/* Give the pages back; an area that has none is allowed. */
void split_area_free(struct vq_area *area);

/* After a reset, or when the device never ran: private state and areas go, the structure
 * stays and answers -EIO. */
void queue_release(struct virtqueue *q);
/* Interrupt context: have the queue's callback run. */
void queue_mark(struct virtqueue *q);

#endif

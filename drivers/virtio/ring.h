/*
 * Between a ring layout, the queue that uses it and the transports that place it in memory.
 * Drivers do not include this: they see struct virtqueue and its verbs (virtio.h).
 */
#ifndef DRIVERS_VIRTIO_RING_H
#define DRIVERS_VIRTIO_RING_H

#include "drivers/virtio/virtio.h"

/* ---- layouts ---- */

/*
 * The split layout (virtio 1.2, 2.7) and the packed one (2.8). Areas are in q->area and zeroed;
 * fills q->ops, q->size, q->free and the private state. -EINVAL: a size beyond 32768, or, of a
 * split ring, one that is no power of two. -ENOMEM.
 */
int split_init(struct virtqueue *q);
int packed_init(struct virtqueue *q);

/*
 * Zeroed pages for a ring of `size` entries, one run; of a split ring with the device area on a
 * multiple of `align` (a power of two). -EINVAL as above, -ENOMEM.
 */
int split_area_alloc(struct vq_area *area, uint16_t size, unsigned align);
int packed_area_alloc(struct vq_area *area, uint16_t size);

/* From this many parts on a chain goes into an indirect table; a shorter one takes descriptors
 * of the ring, which costs no allocation. */
#define RING_INDIRECT_FROM 3

/* The rules for a chain that both layouts share (vq_add); in *writable the sum of the bytes
 * that the device may write. */
int ring_parts_check(const struct virtqueue *q, const struct sg *parts, unsigned out,
                     unsigned in, uint32_t *writable);

/* NEXT and WRITE of part `i` of `n`, of which the first `out` are readable. */
static inline uint16_t
ring_part_flags(unsigned i, unsigned out, unsigned n)
{
    return (i + 1 < n ? VRING_DESC_F_NEXT : 0) | (i >= out ? VRING_DESC_F_WRITE : 0);
}

/* ---- queues, for transports and core ---- */

/*
 * For transports on which the driver brings the memory: areas of the layout that q was
 * negotiated to have. `align` is that of a split ring's device area (4096 on legacy transports,
 * virtio 1.2, 2.7.2; 4 elsewhere). Errors as above.
 */
int queue_area_alloc(struct virtqueue *q, uint16_t size, unsigned align);
/* Give the pages back; an area that has none is allowed. */
void queue_area_free(struct virtqueue *q);

/* The width in bytes of each access to a configuration field of `len` bytes
 * (virtio 1.2, 4.1.3.1, 4.2.2.2): 64 bits are two halves, and what is no number is an array of
 * bytes. */
static inline size_t
field_width(size_t len)
{
    return len == 2 ? 2 : len == 4 || len == 8 ? 4 : 1;
}

/* After a reset, or when the device never ran: private state and areas go, the structure
 * stays and answers -EIO. */
void queue_release(struct virtqueue *q);
/* Interrupt context: have the queue's callback run. */
void queue_mark(struct virtqueue *q);

#endif

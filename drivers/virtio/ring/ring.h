/*
 * Between a ring layout, the queue that uses it and the transports that place it in memory.
 * Drivers do not include this: they see struct virtqueue and its verbs (virtio.h).
 */
#ifndef DRIVERS_VIRTIO_RING_RING_H
#define DRIVERS_VIRTIO_RING_RING_H

#include "drivers/virtio/virtio.h"

/* ---- layouts ---- */

/*
 * The split layout (virtio 1.2, 2.7) and the packed one (2.8). Areas are in q->area and zeroed;
 * fills q->ops, q->size, q->free, q->slots and the private state. -EINVAL: a size beyond 32768, or, of a
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
/* What both come to: one run for `bytes`, with the areas of driver and device at these offsets. */
int ring_area_alloc(struct vq_area *area, uint16_t size, size_t driver, size_t device, size_t bytes);

/* What both layouts keep of a chain, in private memory. */
struct ring_chain {
    void *token;       /* NULL: none in flight here */
    void *table;       /* its indirect table, or NULL */
    uint32_t writable; /* bytes that the device may write */
    uint16_t count;    /* descriptors of the ring in it */
};

/* What belongs to one descriptor of a split ring, or to the chain that it heads; of a packed one, to
 * one buffer id. */
struct ring_slot {
    struct ring_chain chain;
    uint16_t next; /* free one, or of a split ring in the chain */
    uint16_t last; /* of the chain; packed: unused */
};

/*
 * vq_add without what is written into the ring: the parts are checked, a table is allocated if
 * there should be one and can be, and as many descriptors as *chain then says are taken from
 * q->free. Errors of vq_add; then nothing has changed.
 */
int ring_chain_new(struct virtqueue *q, const struct sg *parts, unsigned out, unsigned in,
                   void *token, struct ring_chain *chain);
/* How much the device wrote, of what it claims: never more than it may, which is counted. */
uint32_t ring_chain_written(struct virtqueue *q, const struct ring_chain *chain,
                            uint32_t claimed);
/* The chain's descriptors and its table are free again; returns its token. */
void *ring_chain_free(struct virtqueue *q, struct ring_chain *chain);

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

/* After a reset, or when the device never ran: private state and areas go, the structure
 * stays and answers -EIO. */
void queue_release(struct virtqueue *q);
/* Interrupt context: have the queue's callback run. */
void queue_mark(struct virtqueue *q);

#endif

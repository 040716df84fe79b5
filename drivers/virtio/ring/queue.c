/*
 * Queues as drivers use them: making one on whatever transport and ring layout the device
 * has, the verbs, and what happens to a queue whose device cannot be trusted any more.
 *
 * struct virtqueue lives as long as the device: when its ring goes (reset, failure) the
 * structure stays, broken, and answers -EIO, so that a driver's pointer to it never dangles.
 */
#include "drivers/virtio/ring/ring.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"

/* Deferred work; also how a driver learns that its queue broke. */
static void
queue_work(void *arg)
{
    struct virtqueue *q = arg;

    q->callback(q);
}

/* The structure of queue `index`: the one of an earlier start, or a new one. */
static struct virtqueue *
queue_get(struct virtio_device *v, uint16_t index)
{
    for (unsigned i = 0; i < v->nr_queues; i++)
        if (v->queues[i]->index == index)
            return v->queues[i];
    if (v->nr_queues == VIRTIO_MAX_QUEUES)
        return NULL;
    struct virtqueue *q = kmalloc(sizeof(*q));
    if (!q)
        return NULL;
    q->device = v;
    q->index = index;
    q->broken = true;
    v->queues[v->nr_queues++] = q;
    return q;
}

int
virtio_queue_new(struct virtio_device *v, uint16_t index, const char *name,
                 void (*callback)(struct virtqueue *), struct virtqueue **out)
{
    struct virtqueue *q = queue_get(v, index);
    if (!q)
        return -ENOMEM;
    q->name = name;
    q->callback = callback;
    q->work.run = queue_work;
    q->work.arg = q;
    q->packed = virtio_has(v, VIRTIO_F_RING_PACKED);
    q->indirect = virtio_has(v, VIRTIO_F_RING_INDIRECT);
    q->event_idx = virtio_has(v, VIRTIO_F_RING_EVENT_IDX);
    int error = v->transport->queue_setup(v, q);
    if (error == 0)
        error = q->packed ? packed_init(q) : split_init(q);
    /* If only the second failed, what the transport set up stays until the core's reset. */
    if (error)
        return error;
    q->broken = false;
    q->unkicked = q->detach_at = 0;
    *out = q;
    return 0;
}

/* ---- for transports ---- */

int
ring_area_alloc(struct vq_area *area, uint16_t size, size_t driver, size_t device, size_t bytes)
{
    size_t pages = PAGE_ALIGN(bytes) >> PAGE_SHIFT;
    char *base = pages_alloc(pages);

    if (!base)
        return -ENOMEM;
    *area = (struct vq_area){size, base, base + driver, base + device, pages};
    return 0;
}

int
queue_area_alloc(struct virtqueue *q, uint16_t size, unsigned align)
{
    return q->packed ? packed_area_alloc(&q->area, size)
                     : split_area_alloc(&q->area, size, align);
}

/* ---- the end of a ring, and its interrupt ---- */

void
queue_release(struct virtqueue *q)
{
    q->broken = true;
    defer_cancel(&q->work);
    while (vq_detach(q))
        continue;
    kfree(q->ring);
    q->ring = NULL;
    if (q->device->transport->queue_release)
        q->device->transport->queue_release(q->device, q);
    if (q->area.pages)
        pages_free(q->area.desc, q->area.pages);
    q->area = (struct vq_area){0};
}

void
queue_mark(struct virtqueue *q)
{
    q->interrupts++;
    if (q->callback)
        defer_mark(&q->work);
}

/* ---- the verbs ---- */

int
vq_add(struct virtqueue *q, const struct sg *parts, unsigned out, unsigned in, void *token)
{
    if (q->broken)
        return -EIO;
    int error = q->ops->add(q, parts, out, in, token);
    if (error == 0)
        q->added++;
    return error;
}

bool
vq_kick(struct virtqueue *q)
{
    /* No notification before DRIVER_OK (virtio 1.2, 3.1.1 step 8): what was added until then
     * stays to be kicked. */
    if (q->broken || !q->device->running)
        return false;
    if (q->unkicked == 0)
        return false;
    bool wanted = q->ops->kick(q);
    q->unkicked = 0;
    if (!wanted) {
        q->kicks_suppressed++;
        return false;
    }
    q->kicks++;
    q->device->transport->notify(q->device, q);
    return true;
}

void *
vq_reap(struct virtqueue *q, uint32_t *len)
{
    if (q->broken)
        return NULL;
    uint32_t unused;
    void *token = q->ops->reap(q, len ? len : &unused);
    if (token)
        q->reaped++;
    return token;
}

bool
vq_irq_on(struct virtqueue *q)
{
    return !q->broken && q->ops->irq_on(q);
}

void
vq_irq_off(struct virtqueue *q)
{
    if (!q->broken)
        q->ops->irq_off(q);
}

void *
vq_detach(struct virtqueue *q)
{
    if (!q || !q->ring)
        return NULL;
    for (; q->detach_at < q->size; q->detach_at++)
        if (q->slots[q->detach_at].chain.token)
            return ring_chain_free(q, &q->slots[q->detach_at].chain);
    return NULL;
}

void
vq_break(struct virtqueue *q, const char *why)
{
    q->violations++;
    if (q->broken)
        return;
    q->broken = true;
    log_error("%s: queue %u (%s) is broken: %s; the device breaks the protocol",
              q->device->where, q->index, q->name, why);
    if (q->callback)
        defer_mark(&q->work);
}

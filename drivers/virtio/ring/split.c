/*
 * The split virtqueue (virtio 1.2, 2.7): descriptor table and available ring written by us,
 * used ring written by the device.
 *
 * The device can write to all three, whatever the specification says, so nothing that this
 * file decides is read back from shared memory: the free list, the links of a chain, the
 * token and the number of writable bytes live in slots of private memory. The device's words
 * that must be read (used index, used element, suppression state) are each read once, in
 * used_next() and split_kick(), and checked there.
 */
#include "drivers/virtio/ring/barrier.h"
#include "drivers/virtio/ring/ring.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"

/* Half of the index space: further ahead than any device can get, since at most a ring full
 * of chains is in flight. */
#define INDEX_FAR 0x8000

struct split {
    struct vring_desc *desc;
    struct vring_avail *avail;
    struct vring_used *used;
    uint16_t *used_event;  /* ours: from which used index on we want an interrupt */
    uint16_t *avail_event; /* the device's: from which available index on it wants a kick */
    uint16_t mask;         /* size - 1 */
    uint16_t free_head;
    uint16_t avail_idx; /* next to publish */
    uint16_t used_idx;  /* next to reap */
    uint16_t in_flight; /* chains */
    bool irq_wanted;
    struct ring_slot slots[];
};

static bool
size_valid(uint16_t size)
{
    return size != 0 && size <= VRING_SIZE_MAX && (size & (size - 1)) == 0;
}

/* ---- areas ---- */

static size_t
driver_bytes(uint16_t size)
{
    return sizeof(struct vring_avail) + (size + 1u) * sizeof(uint16_t);
}

static size_t
device_bytes(uint16_t size)
{
    return sizeof(struct vring_used) + size * sizeof(struct vring_used_elem) + sizeof(uint16_t);
}

int
split_area_alloc(struct vq_area *area, uint16_t size, unsigned align)
{
    size_t driver = size * sizeof(struct vring_desc);
    size_t device = (driver + driver_bytes(size) + align - 1) & ~(size_t)(align - 1);

    if (!size_valid(size))
        return -EINVAL;
    return ring_area_alloc(area, size, driver, device, device + device_bytes(size));
}

/* ---- offering ---- */

static void
desc_write(struct vring_desc *d, const void *base, uint32_t len, uint16_t flags, uint16_t next)
{
    ACCESS_ONCE(d->addr) = (uintptr_t)base;
    ACCESS_ONCE(d->len) = len;
    ACCESS_ONCE(d->flags) = flags;
    ACCESS_ONCE(d->next) = next;
}

/* The whole chain in a table of its own, and one descriptor of the ring that names it; that
 * one carries neither NEXT nor WRITE (2.7.5.3.1). */
static uint16_t
chain_indirect(struct split *r, struct vring_desc *table, const struct sg *parts, unsigned out,
               unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        desc_write(&table[i], parts[i].base, parts[i].len, ring_part_flags(i, out, n),
                   i + 1 < n ? i + 1 : 0);
    desc_write(&r->desc[r->free_head], table, n * sizeof(*table), VRING_DESC_F_INDIRECT, 0);
    return r->free_head;
}

/* The chain along the free list; returns its last descriptor. */
static uint16_t
chain_direct(struct split *r, const struct sg *parts, unsigned out, unsigned n)
{
    uint16_t at = r->free_head, last = at;

    for (unsigned i = 0; i < n; i++) {
        uint16_t next = r->slots[at].next;
        desc_write(&r->desc[at], parts[i].base, parts[i].len, ring_part_flags(i, out, n),
                   i + 1 < n ? next : 0);
        last = at;
        at = next;
    }
    return last;
}

/* 2.7.13.1 to 2.7.13.3: the entry, then a barrier, then the index that makes it visible. */
static void
publish(struct split *r, uint16_t head)
{
    ACCESS_ONCE(r->avail->ring[r->avail_idx & r->mask]) = head;
    barrier_write();
    ACCESS_ONCE(r->avail->idx) = ++r->avail_idx;
}

static int
split_add(struct virtqueue *q, const struct sg *parts, unsigned out, unsigned in, void *token)
{
    struct split *r = q->ring;
    struct ring_chain chain;
    unsigned n = out + in;

    int error = ring_chain_new(q, parts, out, in, token, &chain);
    if (error)
        return error;
    uint16_t head = r->free_head;
    struct ring_slot *s = &r->slots[head];
    s->chain = chain;
    s->last = chain.table ? chain_indirect(r, chain.table, parts, out, n)
                          : chain_direct(r, parts, out, n);
    r->free_head = r->slots[s->last].next;
    r->in_flight++;
    publish(r, head);
    q->unkicked++;
    return 0;
}

/*
 * The device's wish lies in the last index that it wants to hear of: notify if that is among
 * those published since the last kick (2.7.10). All of it is arithmetic modulo 2^16; after
 * more additions than that can tell apart, a kick too many is better than none.
 */
static bool
event_passed(const struct virtqueue *q)
{
    const struct split *r = q->ring;
    uint16_t event = ACCESS_ONCE(*r->avail_event);

    if (q->unkicked > INDEX_FAR)
        return true;
    return (uint16_t)(r->avail_idx - event - 1) < (uint16_t)q->unkicked;
}

static bool
split_kick(struct virtqueue *q)
{
    const struct split *r = q->ring;

    /* The index must be out before the wish is read, else both sides may sleep (2.7.13.4.1). */
    barrier_full();
    return q->event_idx ? event_passed(q)
                        : !(ACCESS_ONCE(r->used->flags) & VRING_USED_F_NO_NOTIFY);
}

/* ---- taking back ---- */

static void *
chain_free(struct virtqueue *q, uint16_t head)
{
    struct split *r = q->ring;
    struct ring_slot *s = &r->slots[head];

    r->slots[s->last].next = r->free_head;
    r->free_head = head;
    r->in_flight--;
    return ring_chain_free(q, &s->chain);
}

/*
 * The one place where the used ring is read. True: *head is a chain in flight and *len what
 * the device wrote. A device that cannot be right breaks the queue.
 */
static bool
used_next(struct virtqueue *q, uint16_t *head, uint32_t *len)
{
    struct split *r = q->ring;
    uint16_t ready = ACCESS_ONCE(r->used->idx) - r->used_idx;

    if (ready == 0)
        return false;
    if (ready > r->in_flight) {
        vq_break(q, "used index runs ahead of what was offered");
        return false;
    }
    /* The element is only valid once the index that covers it was seen (2.7.8). */
    barrier_read();
    struct vring_used_elem *e = &r->used->ring[r->used_idx & r->mask];
    uint32_t id = ACCESS_ONCE(e->id);
    if (id >= q->size || !r->slots[id].chain.token) {
        vq_break(q, "used element names a chain that is not in flight");
        return false;
    }
    *head = id;
    *len = ring_chain_written(q, &r->slots[id].chain, ACCESS_ONCE(e->len));
    return true;
}

/*
 * Tell the device from which used index on an interrupt is wanted (2.7.10). "None" is an
 * index that it cannot reach; it has to move along, or it would be passed once in 2^16.
 */
static void
used_event_write(const struct split *r)
{
    ACCESS_ONCE(*r->used_event) = r->irq_wanted ? r->used_idx : r->used_idx + INDEX_FAR;
}

static void *
split_reap(struct virtqueue *q, uint32_t *len)
{
    struct split *r = q->ring;
    uint16_t head;

    if (!used_next(q, &head, len))
        return NULL;
    r->used_idx++;
    if (q->event_idx) {
        used_event_write(r);
        /* Against the next look at the used index; without interrupts nobody sleeps on it. */
        if (r->irq_wanted)
            barrier_full();
    }
    return chain_free(q, head);
}

static bool
split_irq_on(struct virtqueue *q)
{
    struct split *r = q->ring;

    r->irq_wanted = true;
    if (q->event_idx)
        used_event_write(r);
    else
        ACCESS_ONCE(r->avail->flags) = 0;
    /* The wish must be out before the look, else a completion in between is seen by nobody. */
    barrier_full();
    return ACCESS_ONCE(r->used->idx) != r->used_idx;
}

static void
split_irq_off(struct virtqueue *q)
{
    struct split *r = q->ring;

    r->irq_wanted = false;
    /* With EVENT_IDX the flags stay 0 (2.7.7.1). */
    if (q->event_idx)
        used_event_write(r);
    else
        ACCESS_ONCE(r->avail->flags) = VRING_AVAIL_F_NO_INTERRUPT;
}

static const struct vq_ops split_ops = {
    .add = split_add,
    .kick = split_kick,
    .reap = split_reap,
    .irq_on = split_irq_on,
    .irq_off = split_irq_off,
};

int
split_init(struct virtqueue *q)
{
    uint16_t size = q->area.size;

    if (!size_valid(size))
        return -EINVAL;
    struct split *r = kmalloc(sizeof(*r) + size * sizeof(r->slots[0]));
    if (!r)
        return -ENOMEM;
    r->desc = q->area.desc;
    r->avail = q->area.driver;
    r->used = q->area.device;
    r->used_event = &r->avail->ring[size];
    r->avail_event = (uint16_t *)&r->used->ring[size];
    r->mask = size - 1;
    r->irq_wanted = true;
    for (unsigned i = 0; i < size; i++)
        r->slots[i].next = i + 1;
    q->ops = &split_ops;
    q->ring = r;
    q->slots = r->slots;
    q->size = size;
    q->free = size;
    return 0;
}

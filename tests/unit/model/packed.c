/*
 * The device's side of a packed virtqueue (virtio 1.2, 2.8), byte by byte with offsets of its
 * own, checking every rule that the driver has to keep on the way. Places are counted on
 * without end: the remainder is the place in the ring, and each lap has the other wrap counter.
 */
#include <string.h>
#include "model/device.h"
#include "ring_bytes.h"
#include "shim.h"

#define F_NEXT     1
#define F_WRITE    2
#define F_INDIRECT 4
#define F_AVAIL    0x80
#define F_USED     0x8000

#define ENABLE   0
#define DISABLE  1
#define BY_PLACE 2

bool
model_packed(const struct model *m)
{
    return model_negotiated(m, VIRTIO_F_RING_PACKED);
}

static bool
wrap(const struct model_queue *q, uint32_t place)
{
    return place / q->size % 2 == 0;
}

/* A place as event suppression has it (2.8.14). */
static uint16_t
event_of(const struct model_queue *q, uint32_t place)
{
    return place % q->size | (wrap(q, place) ? 0x8000 : 0);
}

static uint8_t *
desc_at(const struct model_queue *q, uint32_t place)
{
    return bytes_at(q->desc, 16 * (size_t)(place % q->size));
}

/* Alignments and start values of 2.8.10.1, 2.8.1 and 4.1.5.1.3. */
void
model_packed_enable(struct model *m, unsigned queue)
{
    struct model_queue *q = &m->queues[queue];
    size_t n = 16 * (size_t)q->size;

    if (q->desc % 16 || q->driver % 4 || q->device % 4)
        model_violation(m, "2.8: areas of queue %u are not aligned", queue);
    if (shim_memory_bad(bytes_at(q->desc, 0), n) ||
        shim_memory_bad(bytes_at(q->driver, 0), 4) ||
        shim_memory_bad(bytes_at(q->device, 0), 4)) {
        model_violation(m, "2.8: queue %u does not lie in the driver's memory", queue);
        return;
    }
    for (size_t i = 0; i < n; i++)
        if (*bytes_at(q->desc, i)) {
            model_violation(m, "4.1.5.1.3: memory of queue %u is not zeroed", queue);
            break;
        }
    q->enabled = true;
}

static bool
available(const struct model_queue *q, uint32_t place)
{
    uint16_t flags = get16(desc_at(q, place) + 14);

    return !!(flags & F_AVAIL) == wrap(q, place) && !!(flags & F_USED) != wrap(q, place);
}

unsigned
model_packed_waiting(struct model *m, unsigned queue)
{
    const struct model_queue *q = &m->queues[queue];
    unsigned chains = 0;

    for (uint32_t p = q->packed_seen; p - q->packed_seen < q->size && available(q, p); p++)
        if (!(get16(desc_at(q, p) + 14) & F_NEXT))
            chains++;
    return chains;
}

static bool
table_take(struct model *m, const struct model_queue *q, struct model_chain *c, uint64_t table,
           uint32_t len)
{
    if (!(model_negotiated(m, VIRTIO_F_RING_INDIRECT)))
        model_violation(m, "2.8.7: INDIRECT was not negotiated");
    if (len == 0 || len % 16 || len / 16 > q->size)
        model_violation(m, "2.8.19: a table of %u bytes", len);
    if (shim_memory_bad(bytes_at(table, 0), len)) {
        model_violation(m, "2.8.7: a table that is not the driver's");
        return false;
    }
    for (uint32_t i = 0; i < len / 16; i++) {
        uint64_t addr;
        uint32_t bytes;
        uint16_t flags = get16(bytes_at(table, 16 * i + 14));
        memcpy(&addr, bytes_at(table, 16 * i), 8);
        memcpy(&bytes, bytes_at(table, 16 * i + 8), 4);
        if (flags & ~F_WRITE)
            model_violation(m, "2.8.7: flags %x in a table", flags);
        if (!model_part_add(m, c, addr, bytes, flags & F_WRITE))
            return false;
    }
    return true;
}

/* One descriptor of a chain; *flags what it has. */
static bool
desc_take(struct model *m, const struct model_queue *q, struct model_chain *c, uint32_t place,
          uint16_t *flags)
{
    const uint8_t *d = desc_at(q, place);
    uint64_t addr;
    uint32_t len;

    memcpy(&addr, d, 8);
    memcpy(&len, d + 8, 4);
    c->head = get16(d + 12);
    *flags = get16(d + 14);
    if (!available(q, place))
        model_violation(m, "2.8.21: descriptor %u of a chain is not available",
                        place % q->size);
    if (!(*flags & F_INDIRECT))
        return model_part_add(m, c, addr, len, *flags & F_WRITE);
    if (*flags & F_NEXT)
        model_violation(m, "2.8.19: INDIRECT beside NEXT");
    return table_take(m, q, c, addr, len);
}

bool
model_packed_pop(struct model *m, unsigned queue, struct model_chain *c)
{
    struct model_queue *q = &m->queues[queue];
    uint32_t first = q->packed_seen;
    uint16_t flags;

    if (!model_queue_ready(m, queue))
        return false;
    if (!available(q, first)) {
        /* 2.8.10: from the next one on, a notification is wanted. */
        put16(bytes_at(q->device, 0), event_of(q, first));
        put16(bytes_at(q->device, 2),
              model_negotiated(m, VIRTIO_F_RING_EVENT_IDX) ? BY_PLACE : ENABLE);
        return false;
    }
    do {
        if (q->packed_seen - first == q->size) {
            model_violation(m, "2.8.6: a chain that never ends");
            return false;
        }
        if (!desc_take(m, q, c, q->packed_seen++, &flags))
            return false;
    } while (flags & F_NEXT);
    if (c->head >= q->size || q->in_flight[c->head]) {
        model_violation(m, "2.8.5: id %u is not free", c->head);
        return false;
    }
    q->in_flight[c->head] = true;
    q->packed_count[c->head] = q->packed_seen - first;
    return true;
}

/* Anything at all; what is not in flight counts as one descriptor. */
void
model_packed_push(struct model *m, unsigned queue, uint32_t id, uint32_t len)
{
    struct model_queue *q = &m->queues[queue];
    uint8_t *d = desc_at(q, q->packed_used);
    uint16_t id16 = id;
    bool known = id < q->size && q->in_flight[id];

    memcpy(d + 8, &len, 4);
    memcpy(d + 12, &id16, 2);
    put16(d + 14, wrap(q, q->packed_used) ? F_AVAIL | F_USED : 0);
    q->packed_used += known ? q->packed_count[id] : 1;
    if (known)
        q->in_flight[id] = false;
}

bool
model_packed_interrupt(struct model *m, unsigned queue)
{
    struct model_queue *q = &m->queues[queue];
    uint16_t event = get16(bytes_at(q->driver, 0)), flags = get16(bytes_at(q->driver, 2));
    uint32_t old = q->packed_signalled;

    q->packed_signalled = q->packed_used;
    if (flags > BY_PLACE ||
        (flags == BY_PLACE && !model_negotiated(m, VIRTIO_F_RING_EVENT_IDX)))
        model_violation(m, "2.8.14: event suppression by %u", flags);
    if (flags != BY_PLACE)
        return flags == ENABLE;
    for (uint32_t place = old; place != q->packed_used; place++)
        if (event_of(q, place) == event)
            return true;
    return false;
}

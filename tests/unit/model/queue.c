/*
 * The device's side of a split virtqueue (virtio 1.2, 2.7), byte by byte with offsets of its
 * own, checking every rule that the driver has to keep on the way.
 */
#include <stdio.h>
#include <string.h>
#include "model/device.h"
#include "ring_bytes.h"
#include "shim.h"

#define F_NEXT     1
#define F_WRITE    2
#define F_INDIRECT 4

/* ---- taking into use ---- */

bool
model_queue_writable(struct model *m)
{
    uint8_t settled = model_modern(m) ? VIRTIO_STATUS_FEATURES_OK : VIRTIO_STATUS_DRIVER;

    if (m->queue_select >= m->setup.nr_queues) {
        model_violation(m, "4.1.5.1.3: queue %u does not exist", m->queue_select);
        return false;
    }
    if (!(m->status & settled))
        model_violation(m, "3.1.1: queue %u set up before the features are settled",
                        m->queue_select);
    if (m->status & VIRTIO_STATUS_DRIVER_OK)
        model_violation(m, "3.1.1: queue %u set up after DRIVER_OK", m->queue_select);
    if (m->queues[m->queue_select].enabled && model_modern(m)) {
        model_violation(m, "4.1.4.3.2: queue %u changed while enabled", m->queue_select);
        return false;
    }
    return true;
}

struct model_queue *
model_queue_selected(struct model *m)
{
    static struct model_queue absent;

    if (m->queue_select < m->setup.nr_queues)
        return &m->queues[m->queue_select];
    absent = (struct model_queue){0};
    return &absent;
}

void
model_queue_size_write(struct model *m, uint32_t size)
{
    struct model_queue *q = model_queue_selected(m);

    if (size == 0 || size > q->max || (size & (size - 1) && !model_packed(m)))
        model_violation(m, "2.6: queue size %u of %u", size, q->max);
    q->size = size;
}

/* 2.7.2: the used ring on the next multiple of 4096. */
void
model_queue_place(struct model_queue *q, uint64_t desc, size_t entries)
{
    q->desc = desc;
    q->driver = desc + 16 * entries;
    q->device = (q->driver + 4 + 2 * entries + 2 + 4095) & ~UINT64_C(4095);
}

static bool
all_zero(const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (p[i])
            return false;
    return true;
}

/* Alignments of 2.7; memory that exists, was written, and whose indices start at 0. */
void
model_queue_enable(struct model *m, unsigned queue)
{
    struct model_queue *q = &m->queues[queue];
    size_t n = q->size;

    if (model_packed(m)) {
        model_packed_enable(m, queue);
        return;
    }
    if (q->desc % 16 || q->driver % 2 || q->device % 4)
        model_violation(m, "2.7: areas of queue %u are not aligned", queue);
    if (shim_memory_bad(bytes_at(q->desc, 0), 16 * n) ||
        shim_memory_bad(bytes_at(q->driver, 0), 6 + 2 * n) ||
        shim_memory_bad(bytes_at(q->device, 0), 6 + 8 * n)) {
        model_violation(m, "2.7: queue %u does not lie in the driver's memory", queue);
        return;
    }
    if (!all_zero(bytes_at(q->driver, 0), 6 + 2 * n) ||
        !all_zero(bytes_at(q->device, 0), 6 + 8 * n))
        model_violation(m, "4.1.5.1.3: memory of queue %u is not zeroed", queue);
    q->enabled = true;
}

/* ---- walking chains ---- */

struct descriptor {
    uint64_t addr;
    uint32_t len;
    uint16_t flags, next;
};

static struct descriptor
descriptor(uint64_t table, unsigned i)
{
    struct descriptor d;

    memcpy(&d.addr, bytes_at(table, 16 * i), 8);
    memcpy(&d.len, bytes_at(table, 16 * i + 8), 4);
    d.flags = get16(bytes_at(table, 16 * i + 12));
    d.next = get16(bytes_at(table, 16 * i + 14));
    return d;
}

/* Row 61: a whole page to be written that still holds what the allocator fills free pages
 * with was never written by the driver. */
static bool
unwritten(const uint8_t *base, size_t len)
{
    const uint8_t *page = (const uint8_t *)(((uintptr_t)base + 4095) & ~(uintptr_t)4095);

    if (page + 4096 > base + len)
        return false;
    for (unsigned i = 0; i < 4096; i++)
        if (page[i] != SHIM_PAGE_POISON)
            return false;
    return true;
}

bool
model_part_add(struct model *m, struct model_chain *c, uint64_t addr, uint32_t len,
               bool writable)
{
    if (len == 0)
        model_violation(m, "2.7.5: a descriptor of length 0");
    if (shim_memory_bad(bytes_at(addr, 0), len)) {
        model_violation(m, "2.7.5: a descriptor names memory that is not the driver's");
        return false;
    }
    if (!writable && c->nr_in)
        model_violation(m, "2.7.4.2: a readable descriptor after a writable one");
    if (writable && unwritten(bytes_at(addr, 0), len))
        model_violation(m, "row 61: a page is shared that was never written");
    if (c->nr_out + c->nr_in == MODEL_MAX_PARTS) {
        model_violation(m, "the model takes %u parts", MODEL_MAX_PARTS);
        return false;
    }
    c->parts[c->nr_out + c->nr_in] = (struct model_part){bytes_at(addr, 0), len};
    if (writable)
        c->nr_in++;
    else
        c->nr_out++;
    return true;
}

/* Follow a chain in `table` of `n` entries; indirect tables at most one deep. */
static bool
walk(struct model *m, const struct model_queue *q, struct model_chain *c, uint64_t table,
     unsigned n, unsigned i, bool inside)
{
    for (unsigned steps = 0; steps <= n; steps++) {
        if (i >= n) {
            model_violation(m, "2.7.5: descriptor %u of %u", i, n);
            return false;
        }
        struct descriptor d = descriptor(table, i);
        if (d.flags & F_INDIRECT) {
            if (inside || d.flags & F_NEXT)
                model_violation(m, "2.7.5.3.1: INDIRECT inside a table or beside NEXT");
            if (!(model_negotiated(m, VIRTIO_F_RING_INDIRECT)))
                model_violation(m, "2.7.5.3.1: INDIRECT was not negotiated");
            if (d.len == 0 || d.len % 16 || d.len / 16 > q->size)
                model_violation(m, "2.7.5.3.1: a table of %u bytes", d.len);
            if (inside || shim_memory_bad(bytes_at(d.addr, 0), d.len)) {
                model_violation(m, "2.7.5.3: a table that is not the driver's");
                return false;
            }
            return walk(m, q, c, d.addr, d.len / 16, 0, true);
        }
        if (!model_part_add(m, c, d.addr, d.len, d.flags & F_WRITE))
            return false;
        if (!(d.flags & F_NEXT))
            return true;
        i = d.next;
    }
    model_violation(m, "2.7.5: a chain that never ends");
    return false;
}

bool
model_queue_ready(const struct model *m, unsigned queue)
{
    return m->queues[queue].enabled && m->status & VIRTIO_STATUS_DRIVER_OK &&
           m->reset_until == 0;
}

unsigned
model_waiting(struct model *m, unsigned queue)
{
    struct model_queue *q = &m->queues[queue];

    if (!model_queue_ready(m, queue))
        return 0;
    if (model_packed(m))
        return model_packed_waiting(m, queue);
    return (uint16_t)(get16(bytes_at(q->driver, 2)) - q->seen);
}

bool
model_pop(struct model *m, unsigned queue, struct model_chain *c)
{
    struct model_queue *q = &m->queues[queue];
    unsigned waiting = model_waiting(m, queue);

    c->nr_out = c->nr_in = 0;
    if (model_packed(m))
        return model_packed_pop(m, queue, c);
    if (waiting > q->size) {
        model_violation(m, "2.7.6: available index %u ahead in a ring of %u", waiting, q->size);
        return false;
    }
    if (waiting == 0) {
        /* 2.7.10: from the next one on, a notification is wanted. */
        if (model_queue_ready(m, queue) && model_negotiated(m, VIRTIO_F_RING_EVENT_IDX))
            put16(bytes_at(q->device, 4 + 8 * (size_t)q->size), q->seen);
        return false;
    }
    c->head = get16(bytes_at(q->driver, 4 + 2 * (size_t)(q->seen % q->size)));
    q->seen++;
    if (c->head >= q->size || q->in_flight[c->head]) {
        model_violation(m, "2.7.6: head %u is no free descriptor", c->head);
        return false;
    }
    q->in_flight[c->head] = true;
    return walk(m, q, c, q->desc, q->size, c->head, false);
}

/* ---- giving back ---- */

void
model_push_quietly(struct model *m, unsigned queue, uint32_t id, uint32_t len)
{
    struct model_queue *q = &m->queues[queue];

    if (!model_queue_ready(m, queue))
        return;
    if (model_packed(m)) {
        model_packed_push(m, queue, id, len);
        return;
    }
    uint8_t *element = bytes_at(q->device, 4 + 8 * (size_t)(q->used % q->size));
    memcpy(element, &id, 4);
    memcpy(element + 4, &len, 4);
    if (id < q->size)
        q->in_flight[id] = false;
    put16(bytes_at(q->device, 2), ++q->used);
}

static bool
interrupt_wanted(const struct model *m, const struct model_queue *q)
{
    if (!model_negotiated(m, VIRTIO_F_RING_EVENT_IDX))
        return !(get16(bytes_at(q->driver, 0)) & 1);
    uint16_t event = get16(bytes_at(q->driver, 4 + 2 * (size_t)q->size));
    for (uint16_t i = q->signalled; i != q->used; i++)
        if (i == event)
            return true;
    return false;
}

void
model_push(struct model *m, unsigned queue, uint32_t id, uint32_t len)
{
    struct model_queue *q = &m->queues[queue];

    model_push_quietly(m, queue, id, len);
    if (!model_queue_ready(m, queue))
        return;
    if (model_packed(m)) {
        if (model_packed_interrupt(m, queue))
            model_queue_interrupt(m, queue);
        return;
    }
    if (model_negotiated(m, VIRTIO_F_RING_EVENT_IDX) && get16(bytes_at(q->driver, 0)) != 0)
        model_violation(m, "2.7.7.1: flags of the available ring with EVENT_IDX");
    if (interrupt_wanted(m, q))
        model_queue_interrupt(m, queue);
    q->signalled = q->used;
}

void
model_used_index(struct model *m, unsigned queue, uint16_t idx)
{
    struct model_queue *q = &m->queues[queue];

    if (model_packed(m))
        return;
    q->used = idx;
    if (q->enabled)
        put16(bytes_at(q->device, 2), idx);
}

/* ---- the bytes of a chain ---- */

static size_t
sum(const struct model_part *parts, unsigned n)
{
    size_t total = 0;

    for (unsigned i = 0; i < n; i++)
        total += parts[i].len;
    return total;
}

size_t
model_readable(const struct model_chain *c)
{
    return sum(c->parts, c->nr_out);
}

size_t
model_writable(const struct model_chain *c)
{
    return sum(c->parts + c->nr_out, c->nr_in);
}

static size_t
copy(const struct model_part *parts, unsigned n, size_t offset, char *memory, size_t len,
     bool write)
{
    size_t done = 0;

    for (unsigned i = 0; i < n && done < len; i++) {
        if (offset >= parts[i].len) {
            offset -= parts[i].len;
            continue;
        }
        size_t now = parts[i].len - offset;
        if (now > len - done)
            now = len - done;
        char *there = (char *)parts[i].base + offset;
        memcpy(write ? there : memory + done, write ? memory + done : there, now);
        done += now;
        offset = 0;
    }
    return done;
}

size_t
model_read(const struct model_chain *c, size_t offset, void *to, size_t len)
{
    return copy(c->parts, c->nr_out, offset, to, len, false);
}

size_t
model_write(const struct model_chain *c, size_t offset, const void *from, size_t len)
{
    return copy(c->parts + c->nr_out, c->nr_in, offset, (char *)from, len, true);
}

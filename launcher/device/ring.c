/*
 * The device's side of a split ring (virtio 1.2, 2.7) in the layout of lguest: 256 entries in
 * three pages of the host's. The guest stands still while it is served, but a worker thread
 * may be writing into memory that the guest chose badly, so everything is copied once before
 * it is checked, and our own index is believed, not the shared one.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "launcher/check/check.h"
#include "launcher/device/device.h"
#include "launcher/guest.h"
#include "launcher/launcher.h"

#define SIZE LGUEST_VRING_SIZE

void
ring_violation(const struct queue *q, const char *format, ...)
{
    char rule[256];
    va_list args;
    va_start(args, format);
    vsnprintf(rule, sizeof(rule), format, args);
    va_end(args);
    die("%s, queue %u: %s", q->device->name, q->index, rule);
}

void
ring_reset(struct queue *q)
{
    memset(memory_at(q->address, LGUEST_VRING_PAGES * PAGE), 0, LGUEST_VRING_PAGES * PAGE);
    memset(q->in_flight, 0, sizeof(q->in_flight));
    q->last_avail = q->used_idx = 0;
    q->used_pending = false;
    HOOK(rules.reset, (q));
}

/* Copies one descriptor; `table` holds `entries` of them. */
static struct vring_desc
descriptor(const struct queue *q, const void *table, uint32_t entries, uint32_t i)
{
    if (i >= entries)
        ring_violation(q, "descriptor %u of %u", i, entries);
    struct vring_desc desc;
    memcpy(&desc, (const char *)table + i * sizeof(desc), sizeof(desc));
    __asm__ volatile("" : "+m"(desc)); /* one reading: what was checked is what is used */
    return desc;
}

static void
add_part(const struct queue *q, struct chain *c, const struct vring_desc *desc)
{
    void *at = desc->addr <= UINT32_MAX ? memory_at(desc->addr, desc->len) : NULL;
    if (!at)
        ring_violation(q, "request %u: %u bytes at %#llx lie outside of memory", c->head,
                       desc->len, (unsigned long long)desc->addr);
    bool write = desc->flags & VRING_DESC_F_WRITE;
    if (!write && c->nr_in)
        ring_violation(q, "request %u: a readable descriptor behind a writable one", c->head);
    uint32_t *len = write ? &c->in_len : &c->out_len;
    if (__builtin_add_overflow(*len, desc->len, len))
        ring_violation(q, "request %u is longer than 4 GiB", c->head);
    c->parts[c->nr_out + c->nr_in] = (struct iovec){at, desc->len};
    if (write)
        c->nr_in++;
    else
        c->nr_out++;
}

/* Follows a list of descriptors in the ring or in an indirect table. */
static void
walk(const struct queue *q, struct chain *c, const void *table, uint32_t entries, uint32_t i,
     bool indirect)
{
    for (unsigned n = 0;; n++) {
        struct vring_desc desc = descriptor(q, table, entries, i);
        if (n >= entries || c->nr_out + c->nr_in >= CHAIN_PARTS)
            ring_violation(q, "request %u: its descriptors loop, or are more than %u", c->head,
                           CHAIN_PARTS);
        if (desc.flags & VRING_DESC_F_INDIRECT) {
            if (indirect)
                ring_violation(q, "request %u: an indirect table inside another", c->head);
            if (desc.flags & VRING_DESC_F_NEXT)
                ring_violation(q, "request %u: NEXT beside INDIRECT", c->head);
            HOOK(rules.indirect, (q, c->head));
            uint32_t size = sizeof(desc);
            void *inner = desc.addr <= UINT32_MAX ? memory_at(desc.addr, desc.len) : NULL;
            if (!inner || desc.len == 0 || desc.len % size)
                ring_violation(q, "request %u: an indirect table of %u bytes at %#llx", c->head,
                               desc.len, (unsigned long long)desc.addr);
            walk(q, c, inner, desc.len / size, 0, true);
            return;
        }
        add_part(q, c, &desc);
        if (!(desc.flags & VRING_DESC_F_NEXT))
            return;
        i = desc.next;
    }
}

static bool
in_flight(const struct queue *q, uint16_t head)
{
    return q->in_flight[head / 64] >> head % 64 & 1;
}

bool
ring_peek(struct queue *q, struct chain *c)
{
    uint16_t idx = *(volatile uint16_t *)&q->avail->idx;
    uint16_t ready = idx - q->last_avail;
    if (ready == 0)
        return false;
    if (ready > SIZE)
        ring_violation(q, "the available index went from %u to %u", q->last_avail, idx);
    uint16_t head = *(volatile uint16_t *)&q->avail->ring[q->last_avail % SIZE];
    if (head >= SIZE)
        ring_violation(q, "descriptor %u made available, of %u", head, SIZE);
    if (in_flight(q, head))
        ring_violation(q, "request %u made available while in flight", head);
    c->head = head;
    c->nr_out = c->nr_in = c->out_len = c->in_len = 0;
    walk(q, c, q->desc, SIZE, head, false);
    return true;
}

void
ring_take(struct queue *q, const struct chain *c)
{
    q->last_avail++;
    q->in_flight[c->head / 64] |= 1ull << c->head % 64;
}

void
ring_use(struct queue *q, uint32_t id, uint32_t len)
{
    q->used->ring[q->used_idx % SIZE] = (struct vring_used_elem){id, len};
    q->used_idx++;
    __asm__ volatile("" ::: "memory"); /* the element before the index; x86 keeps the order */
    q->used->idx = q->used_idx;
    q->used_pending = true;
}

void
ring_put(struct queue *q, uint16_t head, uint32_t len)
{
    HOOK(rules.put, (q, head));
    q->in_flight[head / 64] &= ~(1ull << head % 64);
    q->device->requests++;
    if (lies.use)
        lies.use(q, head, len);
    else
        ring_use(q, head, len);
}

void
ring_interrupt(struct queue *q)
{
    if (!q->used_pending)
        return;
    q->used_pending = false;
    if (!(*(volatile uint16_t *)&q->avail->flags & VRING_AVAIL_F_NO_INTERRUPT))
        interrupt_raise(q->irq);
}

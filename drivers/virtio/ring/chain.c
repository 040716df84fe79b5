/*
 * What both ring layouts do alike with a chain of descriptors: check the parts that a driver
 * offers, count descriptors, decide about an indirect table, and bound what the device claims
 * to have written. All of it lives in private memory; only the layouts touch the shared ring.
 */
#include "drivers/virtio/ring/ring.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"

/* From this many parts on a chain goes into an indirect table; a shorter one takes descriptors
 * of the ring, which costs no allocation. */
#define INDIRECT_FROM 3
_Static_assert(sizeof(struct vring_desc) == sizeof(struct vring_packed_desc),
               "tables of both layouts are allocated alike");

/* 2.7.4.2 and 2.7.5.3.1, 2.8.17 and 2.8.19; *writable: bytes that the device may write. */
static int
parts_check(const struct virtqueue *q, const struct sg *parts, unsigned out, unsigned in,
            uint32_t *writable)
{
    uint64_t readable_bytes = 0, writable_bytes = 0;

    if (out > q->size || in > q->size || out + in > q->size || out + in == 0)
        return -EINVAL;
    for (unsigned i = 0; i < out + in; i++) {
        if (parts[i].len == 0)
            return -EINVAL;
        *(i < out ? &readable_bytes : &writable_bytes) += parts[i].len;
    }
    if (readable_bytes + writable_bytes > UINT32_MAX)
        return -EINVAL;
    *writable = writable_bytes;
    return 0;
}

int
ring_chain_new(struct virtqueue *q, const struct sg *parts, unsigned out, unsigned in,
               void *token, struct ring_chain *chain)
{
    unsigned n = out + in;
    uint32_t writable;
    void *table = NULL;

    int error = parts_check(q, parts, out, in, &writable);
    if (error)
        return error;
    if (q->free == 0)
        return -ENOSPC;
    if (q->indirect && (n >= INDIRECT_FROM || n > q->free))
        table = kmalloc_raw(n * sizeof(struct vring_desc));
    uint16_t count = table ? 1 : n;
    if (count > q->free)
        return -ENOSPC;
    q->free -= count;
    *chain = (struct ring_chain){token, table, writable, count};
    return 0;
}

uint32_t
ring_chain_written(struct virtqueue *q, const struct ring_chain *chain, uint32_t claimed)
{
    if (claimed <= chain->writable)
        return claimed;
    q->violations++;
    return chain->writable;
}

void *
ring_chain_free(struct virtqueue *q, struct ring_chain *chain)
{
    void *token = chain->token;

    kfree(chain->table);
    q->free += chain->count;
    *chain = (struct ring_chain){0};
    return token;
}

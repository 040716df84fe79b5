/*
 * Frames of the virtio network device (virtio 1.2, 5.1.6). Nothing is copied: received frames
 * land in the buffers that the user posted, behind the device's header, and sent ones go out
 * of the user's own parts, with a header from a slot in front.
 *
 * Neither direction can starve. Buffers that could not be posted are asked for again after
 * the next batch, or by a timer when none is left to receive one; a frame that was sent is
 * taken back at the next known point, and if it was not sent by then, by interrupt.
 */
#include "drivers/virtio/device/net.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "kernel/string.h"

#define SLOTS_MAX    256 /* in flight, however long the ring is */
#define REFILL_AGAIN (100 * NSEC_PER_MSEC)

static struct virtio_net *
net_of(struct net_device *dev)
{
    return container_of(dev, struct virtio_net, dev);
}

/* ---- slots ---- */

static void
slot_free(struct net_path *p, struct net_slot *s)
{
    s->next_free = p->free_slots;
    p->free_slots = s;
    p->in_flight--;
}

static struct net_slot *
slot_take(struct net_path *p)
{
    struct net_slot *s = p->free_slots;

    p->free_slots = s->next_free;
    p->in_flight++;
    return s;
}

int
net_path_init(struct net_path *p)
{
    if (p->slots)
        return 0;
    p->in_flight = MIN(p->queue->size, SLOTS_MAX);
    p->slots = kmalloc(p->in_flight * sizeof(*p->slots));
    if (!p->slots)
        return -ENOMEM;
    for (unsigned i = p->in_flight; i-- > 0;)
        slot_free(p, &p->slots[i]);
    return 0;
}

/* The device must let go of the buffers before anybody may use them again. */
static void
queue_broken(struct virtio_net *n)
{
    if (n->dev.broken)
        return;
    n->dev.broken = true;
    virtio_give_up(n->v, "a queue is broken");
    if (n->dev.user.changed)
        n->dev.user.changed(n->dev.user.arg);
}

/* ---- receive ---- */

int
net_rx_post(struct net_device *dev, const struct sg *parts, unsigned nr, void *token)
{
    struct virtio_net *n = net_of(dev);
    struct net_slot *s;
    unsigned at = 0;
    int error;

    if (dev->broken || !n->v->running)
        return -EIO;
    if (nr == 0 || nr > dev->rx_chain_max || sg_bytes(parts, nr) < dev->rx_min ||
        parts[0].len <= n->header_len)
        return -EINVAL;
    if (!n->rx.free_slots)
        return -ENOSPC;
    if (n->header_apart)
        n->parts[at++] = (struct sg){parts[0].base, n->header_len};
    for (unsigned i = 0; i < nr; i++)
        n->parts[at++] = parts[i];
    if (n->header_apart) {
        n->parts[1].base = (char *)n->parts[1].base + n->header_len;
        n->parts[1].len -= n->header_len;
    }
    s = n->rx.free_slots;
    error = vq_add(n->rx.queue, n->parts, 0, at, s);
    if (error)
        return error;
    slot_take(&n->rx);
    s->header_at = parts[0].base;
    s->token = token;
    return 0;
}

/* A frame as it arrived, in one buffer or several. */
struct frame {
    struct virtio_net_hdr header; /* a copy: the device may still write the original */
    void *tokens[NET_MERGE_MAX];
    uint32_t lens[NET_MERGE_MAX];
    unsigned nr;
    uint32_t bytes;
    bool bad;
};

/* Take the next buffer of the frame; false if the device has none for us. */
static bool
frame_add(struct virtio_net *n, struct frame *f)
{
    uint32_t len, skip = f->nr == 0 ? n->header_len : 0;
    struct net_slot *s = vq_reap(n->rx.queue, &len);

    if (!s)
        return false;
    if (f->nr == 0)
        memcpy(&f->header, s->header_at, n->header_len);
    f->bad |= len <= skip;
    f->tokens[f->nr] = s->token;
    f->lens[f->nr] = len > skip ? len - skip : 0;
    f->bytes += f->lens[f->nr];
    f->nr++;
    slot_free(&n->rx, s);
    return true;
}

/* The further buffers of a merged frame (5.1.6.3.2, 5.1.6.4): the device hands over all of
 * them at once, so if one is missing it does not know what it does. */
static void
frame_complete(struct virtio_net *n, struct frame *f)
{
    unsigned wanted = virtio_has(n->v, VIRTIO_NET_F_MRG_RXBUF) ? f->header.num_buffers : 1;

    if (f->nr == 1 && f->bad)
        return;
    while (wanted <= NET_MERGE_MAX && f->nr < wanted && frame_add(n, f))
        continue;
    if (f->nr == wanted)
        return;
    f->bad = true;
    vq_break(n->rx.queue, "a frame of more or fewer buffers than arrived");
}

/*
 * What the header says about checksums (5.1.6.4.1), of which only GUEST_CSUM allows it to say
 * anything. Places in the frame are checked; false if they lie outside.
 */
static bool
frame_meta(const struct virtio_net *n, const struct frame *f, struct net_meta *meta)
{
    const struct virtio_net_hdr *h = &f->header;

    memset(meta, 0, sizeof(*meta));
    if (!virtio_has(n->v, VIRTIO_NET_F_GUEST_CSUM))
        return true;
    meta->csum_valid = h->flags & (VIRTIO_NET_HDR_F_DATA_VALID | VIRTIO_NET_HDR_F_NEEDS_CSUM);
    if (!(h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
        return true;
    meta->csum_partial = true;
    meta->csum_start = h->csum_start;
    meta->csum_offset = h->csum_offset;
    return (uint32_t)h->csum_start + h->csum_offset + sizeof(uint16_t) <= f->bytes;
}

static void
frame_drop(struct virtio_net *n, const struct frame *f)
{
    n->dev.counters.rx_bad++;
    for (unsigned i = 0; i < f->nr; i++)
        n->dev.user.rx_released(n->dev.user.arg, f->tokens[i]);
}

/* One frame to the user; false when there is none. */
static bool
receive_one(struct virtio_net *n)
{
    struct frame f = {.nr = 0};
    struct net_meta meta;

    if (!frame_add(n, &f))
        return false;
    frame_complete(n, &f);
    if (f.bad || f.bytes < NET_ETHERNET_HEADER || !frame_meta(n, &f, &meta)) {
        frame_drop(n, &f);
        return true;
    }
    n->dev.counters.rx_frames++;
    n->dev.counters.rx_bytes += f.bytes;
    n->dev.user.received(n->dev.user.arg, f.tokens, f.lens, f.nr, &meta);
    return true;
}

/* Not for each buffer: half of those posted may wait, as long as the device has the other half. */
static void
rx_kick(struct virtio_net *n)
{
    if (2 * n->rx.queue->unkicked >= n->rx.in_flight)
        vq_kick(n->rx.queue);
}

/*
 * The user posts what it can. If it had no memory for a single buffer then no frame will come
 * that would have it asked again, so a timer asks.
 */
void
net_refill(void *arg)
{
    struct virtio_net *n = arg;

    if (!n->dev.user.refill || n->dev.broken || !n->v->running)
        return;
    n->dev.user.refill(n->dev.user.arg);
    /* Also if nothing was posted now: the device may have come to the end of its half. */
    rx_kick(n);
    if (n->rx.in_flight == 0)
        timer_set(&n->refill_timer, clock_now() + REFILL_AGAIN);
}

/* A ring full at most: what comes in meanwhile waits for the next known point, so that a
 * flood leaves time for the threads that are to work on it. */
void
net_rx_arrived(struct virtqueue *q)
{
    struct virtio_net *n = q->device->driver_data;

    vq_irq_off(q);
    for (unsigned i = 0; i < q->size && receive_one(n); i++)
        continue;
    if (q->broken) {
        queue_broken(n);
        return;
    }
    net_refill(n);
    if (vq_irq_on(q))
        defer_mark(&q->work);
}

/* ---- transmit ---- */

/* Fill the header (5.1.6.2); -EINVAL for what the device does not do. */
static int
fill_header(const struct virtio_net *n, const struct net_meta *meta, uint64_t bytes,
            struct virtio_net_hdr *h)
{
    memset(h, 0, sizeof(*h));
    if (!meta)
        return 0;
    if (meta->gso_size)
        return -EINVAL;
    if (!meta->csum_partial)
        return 0;
    if (!n->dev.tx_csum ||
        (uint32_t)meta->csum_start + meta->csum_offset + sizeof(uint16_t) > bytes)
        return -EINVAL;
    h->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
    h->csum_start = meta->csum_start;
    h->csum_offset = meta->csum_offset;
    return 0;
}

static int
full(struct virtio_net *n)
{
    /* Look for sent frames even if no interrupt ever comes. */
    defer_mark(&n->tx.queue->work);
    return -ENOSPC;
}

int
net_tx(struct net_device *dev, const struct sg *parts, unsigned nr, const struct net_meta *meta,
       void *token)
{
    struct virtio_net *n = net_of(dev);
    struct net_slot *s = n->tx.free_slots;
    uint64_t bytes;
    int error;

    if (dev->broken || !n->v->running)
        return -EIO;
    if (nr == 0 || nr > dev->tx_chain_max)
        return -EINVAL;
    if (!s)
        return full(n);
    bytes = sg_bytes(parts, nr);
    error = fill_header(n, meta, bytes, &s->header);
    if (error)
        return error;
    n->parts[0] = (struct sg){&s->header, n->header_len};
    memcpy(&n->parts[1], parts, nr * sizeof(*parts));
    error = vq_add(n->tx.queue, n->parts, nr + 1, 0, s);
    if (error == -ENOSPC)
        return full(n);
    if (error)
        return error;
    s->token = token;
    slot_take(&n->tx);
    dev->counters.tx_frames++;
    dev->counters.tx_bytes += bytes;
    return 0;
}

/*
 * Sent frames are taken back without an interrupt where that is possible: a look is due at
 * the next known point, and only if the device is not done by then does it have to ask.
 */
void
net_kick(struct net_device *dev)
{
    struct virtio_net *n = net_of(dev);

    rx_kick(n);
    vq_kick(n->tx.queue);
    if (n->tx.in_flight > 0)
        defer_mark(&n->tx.queue->work);
}

void
net_tx_sent(struct virtqueue *q)
{
    struct virtio_net *n = q->device->driver_data;
    struct net_slot *s;

    vq_irq_off(q);
    for (unsigned i = 0; i < q->size && (s = vq_reap(q, NULL)); i++) {
        void *token = s->token;
        slot_free(&n->tx, s);
        n->dev.user.sent(n->dev.user.arg, token);
    }
    if (q->broken)
        queue_broken(n);
    else if (n->tx.in_flight > 0 && vq_irq_on(q))
        defer_mark(&q->work);
}

/* ---- reset ---- */

void
net_let_go(struct virtio_net *n)
{
    struct net_slot *s;

    while ((s = vq_detach(n->rx.queue))) {
        void *token = s->token;
        slot_free(&n->rx, s);
        n->dev.user.rx_released(n->dev.user.arg, token);
    }
    while ((s = vq_detach(n->tx.queue))) {
        void *token = s->token;
        slot_free(&n->tx, s);
        n->dev.user.sent(n->dev.user.arg, token);
    }
}

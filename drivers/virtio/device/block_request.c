/*
 * Requests of the virtio block device (virtio 1.2, 5.2.6): they go straight from the
 * submitter's scatter list to the ring, many at a time, and end in the order the device likes.
 *
 * Two promises carry the file. Each accepted request gets its done() exactly once: it sits in
 * `requests` from submit to done(), through resets of the device too, and a deadline takes
 * out what nobody answers. And what the device may write besides the data, a status byte,
 * lies in slots that are allocated once and never freed, so that a completion that comes too
 * late hits nothing of anybody else's.
 */
#include "drivers/virtio/ring/barrier.h"
#include "drivers/virtio/device/block.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"

#define STATUS_UNWRITTEN 0xff /* no value of the specification */

/* ---- the end of a request ---- */

/* It is in no list any more. */
static void
complete(struct virtio_block *b, struct disk_request *r, int status)
{
    if (status && r != &b->id_request)
        b->dev.counters.errors++;
    r->status = status;
    r->done(r);
}

void
block_slot_free(struct virtio_block *b, struct block_slot *s)
{
    s->request = NULL;
    s->next_free = b->free_slots;
    b->free_slots = s;
}

static int
nonsense(struct virtio_block *b, const char *what, unsigned value)
{
    if (!b->complained)
        log_warn("%s: the device answered with %s %u; counted as an I/O error", b->dev.name,
                 what, value);
    b->complained = true;
    return -EIO;
}

/*
 * What the status byte says (5.2.6). How much was written matters for a read only, since a
 * short one would hand out old memory as file contents; legacy devices never said it right
 * (2.7.8.2), so theirs is not looked at.
 */
static int
verdict(struct virtio_block *b, const struct block_slot *s, uint32_t written)
{
    uint8_t status = ACCESS_ONCE(s->status);

    if (status == VIRTIO_BLK_S_IOERR)
        return -EIO;
    if (status == VIRTIO_BLK_S_UNSUPP)
        return -ENOTSUP;
    if (status != VIRTIO_BLK_S_OK)
        return nonsense(b, "unknown status", status);
    if (written < s->read_bytes && virtio_has(b->v, VIRTIO_F_VERSION_1))
        return nonsense(b, "a read that misses bytes:", s->read_bytes - written);
    return 0;
}

/* ---- starting ---- */

static uint32_t
request_type(const struct virtio_block *b, const struct disk_request *r)
{
    if (r == &b->id_request)
        return VIRTIO_BLK_T_GET_ID;
    if (r->op == DISK_FLUSH)
        return VIRTIO_BLK_T_FLUSH;
    return r->op == DISK_WRITE ? VIRTIO_BLK_T_OUT : VIRTIO_BLK_T_IN;
}

/* Put a request on the ring. 0, -ENOSPC, -EIO; the request is not on the list yet, or still. */
static int
start(struct virtio_block *b, struct disk_request *r)
{
    struct block_slot *s = b->free_slots;
    unsigned out, n = 0;
    int error;

    if (!s)
        return -ENOSPC;
    s->header = (struct virtio_blk_req_hdr){
        .type = request_type(b, r),
        .sector = r->op == DISK_FLUSH ? 0 : r->sector,
    };
    s->status = STATUS_UNWRITTEN;
    b->chain[n++] = (struct sg){&s->header, sizeof(s->header)};
    for (unsigned i = 0; i < r->nr_parts; i++)
        b->chain[n++] = r->parts[i];
    b->chain[n++] = (struct sg){&s->status, sizeof(s->status)};
    out = r->op == DISK_READ ? 1 : n - 1;
    s->read_bytes = 0;
    if (s->header.type == VIRTIO_BLK_T_IN)
        s->read_bytes = (uint32_t)r->bytes + sizeof(s->status);
    error = vq_add(b->queue, b->chain, out, n - out, s);
    if (error)
        return error;
    s->request = r;
    b->free_slots = s->next_free;
    return 0;
}

/* All that can be wrong with a request before the device sees it; r->bytes if nothing is. */
static int
check(const struct virtio_block *b, struct disk_request *r)
{
    const struct disk_device *d = &b->dev;
    uint64_t capacity = d->capacity, total;

    if (d->broken || !b->v->running)
        return -EIO;
    if (r->op == DISK_FLUSH) {
        if (!d->can_flush)
            return -ENOTSUP;
        return r->nr_parts == 0 ? 0 : -EINVAL;
    }
    if (r->op == DISK_WRITE && d->read_only)
        return -EROFS;
    if (r->nr_parts == 0 || r->nr_parts > d->max_parts)
        return -EINVAL;
    for (unsigned i = 0; i < r->nr_parts; i++)
        if (r->parts[i].len == 0 || r->parts[i].len > d->max_part)
            return -EINVAL;
    total = r->bytes = sg_bytes(r->parts, r->nr_parts);
    if ((r->sector * DISK_SECTOR | total) & (d->block_size - 1))
        return -EINVAL;
    /* Subtract, since sector + count may wrap (5.2.6.1: never past the capacity). */
    if (r->sector > capacity || total / DISK_SECTOR > capacity - r->sector)
        return -EINVAL;
    return 0;
}

static void
count(struct disk_counters *c, const struct disk_request *r)
{
    switch (r->op) {
    case DISK_READ:
        c->reads++;
        c->read_bytes += r->bytes;
        break;
    case DISK_WRITE:
        c->writes++;
        c->write_bytes += r->bytes;
        break;
    case DISK_FLUSH:
        c->flushes++;
        break;
    }
}

static struct disk_request *
oldest(const struct virtio_block *b)
{
    if (list_empty(&b->requests))
        return NULL;
    return container_of(b->requests.next, struct disk_request, link);
}

/* Start and enter into the books; -ENOSPC is followed by a wake of `space`, since a full
 * ring has something in flight. */
int
block_accept(struct virtio_block *b, struct disk_request *r)
{
    int error = list_empty(&b->waiting) ? start(b, r) : -ENOSPC;

    if (error)
        return error;
    r->deadline = clock_now() + b->dev.timeout;
    list_append(&b->requests, &r->link);
    if (oldest(b) == r)
        timer_set(&b->timer, r->deadline);
    vq_kick(b->queue);
    return 0;
}

int
block_submit(struct disk_device *dev, struct disk_request *r)
{
    struct virtio_block *b = container_of(dev, struct virtio_block, dev);
    int error = check(b, r);

    if (error == 0)
        error = block_accept(b, r);
    if (error == 0)
        count(&dev->counters, r);
    return error;
}

/* ---- starting again ---- */

/* Onto the new ring, if there is time left: 0, -ENOSPC, or what the request ends with. */
static int
start_again(struct virtio_block *b, struct disk_request *r)
{
    if (clock_now() < r->deadline)
        return start(b, r);
    b->dev.counters.timeouts++;
    return -ETIMEDOUT;
}

/*
 * Requests that wait, oldest first, as far as there is room. The ring may have less of it than
 * before the reset, where memory is too short now for indirect tables; an empty one holds any
 * request. The ends come last: a done() may submit, and must find the books in order.
 */
static void
start_waiting(struct virtio_block *b)
{
    struct list ended = LIST_INIT(ended), *at;

    while ((at = list_pop(&b->waiting))) {
        struct disk_request *r = container_of(at, struct disk_request, link);
        r->status = start_again(b, r);
        if (r->status == -ENOSPC) {
            list_insert_before(b->waiting.next, at);
            break;
        }
        list_append(r->status ? &ended : &b->requests, at);
    }
    vq_kick(b->queue);
    while ((at = list_pop(&ended))) {
        struct disk_request *r = container_of(at, struct disk_request, link);
        complete(b, r, r->status);
    }
}

/* ---- answers, and their absence ---- */

/* The device does not come back. A done() that submits again is refused from here on. */
static void
fail_all(struct virtio_block *b)
{
    struct list *at;

    b->dev.broken = true;
    while ((at = list_pop(&b->requests)) || (at = list_pop(&b->waiting)))
        complete(b, container_of(at, struct disk_request, link), -EIO);
    wake_all(&b->dev.space);
}

/* Nothing more comes out of this queue. Requests end after a reset, when the device has let
 * go of their memory; at once if the core has given the device up. */
static void
queue_broken(struct virtio_block *b)
{
    b->dev.broken = true;
    if (b->v->running)
        virtio_give_up(b->v, "its queue is broken");
    else
        fail_all(b);
}

/* Bounded by what the ring can hold: a done() that submits again must not keep us here. */
void
block_answered(struct virtqueue *q)
{
    struct virtio_block *b = q->device->driver_data;
    struct block_slot *s;
    uint32_t written;

    for (unsigned i = 0; i < q->size && (s = vq_reap(q, &written)); i++) {
        struct disk_request *r = s->request;
        int status = verdict(b, s, written);
        block_slot_free(b, s);
        list_remove(&r->link);
        complete(b, r, status);
    }
    start_waiting(b);
    wake_all(&b->dev.space);
    if (q->broken)
        queue_broken(b);
    else if (vq_irq_on(q))
        defer_mark(&q->work);
}

/* The timer is not moved for every answer: it looks whether the oldest really is late. */
void
block_late(void *arg)
{
    struct virtio_block *b = arg;
    struct disk_request *r = oldest(b);

    if (!r)
        return;
    if (!b->v->running)
        fail_all(b);
    else if (clock_now() < r->deadline)
        timer_set(&b->timer, r->deadline);
    else
        virtio_recover(b->v, "a request was not answered in time");
}

/* ---- resets ---- */

/* If the core starts the device again, block_restart follows; else this was the end. */
void
block_let_go(struct virtio_block *b)
{
    struct block_slot *s;

    while ((s = vq_detach(b->queue)))
        block_slot_free(b, s);
    if (b->v->failed)
        fail_all(b);
}

/* All that is in flight waits again, in its order. */
void
block_restart(struct virtio_block *b)
{
    while (!list_empty(&b->requests)) {
        struct list *youngest = b->requests.prev;
        list_remove(youngest);
        list_insert_before(b->waiting.next, youngest);
    }
    start_waiting(b);
    block_late(b);
    wake_all(&b->dev.space);
}

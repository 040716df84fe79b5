/*
 * The virtio block device (virtio 1.2, 5.2): what the device says of itself, and its way up
 * and down. The requests are in block_request.c.
 */
#include "drivers/virtio/ring/barrier.h"
#include "drivers/virtio/device/block.h"
#include "kernel/enlist.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"

DEVICE_CLASS_DRIVER(disk);

#define DEFAULT_TIMEOUT (30 * NSEC_PER_SEC)

#define CONFIG(field) offsetof(struct virtio_blk_config, field)

/*
 * Limits on one request. A chain must not be longer than the queue (2.7.5.3.1), header and
 * status included; a field is looked at only if its feature says that it is there.
 */
static int
read_limits(struct virtio_block *b)
{
    struct disk_device *d = &b->dev;
    uint32_t seg_max = DISK_MAX_PARTS, size_max = UINT32_MAX / DISK_MAX_PARTS;
    uint32_t offered;

    if (virtio_has(b->v, VIRTIO_BLK_F_SEG_MAX)) {
        if (virtio_config_read32(b->v, CONFIG(seg_max), &offered) < 0)
            return -EIO;
        seg_max = MIN(seg_max, MAX(offered, 1u));
    }
    if (virtio_has(b->v, VIRTIO_BLK_F_SIZE_MAX)) {
        if (virtio_config_read32(b->v, CONFIG(size_max), &offered) < 0)
            return -EIO;
        size_max = MIN(size_max, offered);
    }
    d->max_parts = MIN(seg_max, MAX(b->queue->size, 2u) - 2u);
    d->max_part = size_max;
    if (size_max < DISK_SECTOR || (uint64_t)size_max * d->max_parts < d->block_size) {
        log_error(
            "%s: no block of %u bytes fits into a request (queue of %u entries, parts of %u "
            "bytes); the disk is not used",
            b->v->where, d->block_size, b->queue->size, size_max);
        return -EINVAL;
    }
    return 0;
}

/* Requests are whole blocks, so a rest that is none cannot be reached; nor can what has no
 * address as a byte. 1: not the capacity that it was; 0; -EIO. */
static int
read_capacity(struct virtio_block *b)
{
    uint64_t offered, reached, rest = b->dev.block_size / DISK_SECTOR - 1u;

    if (virtio_config_read64(b->v, CONFIG(capacity), &offered) < 0)
        return -EIO;
    reached = MIN(offered, (uint64_t)INT64_MAX / DISK_SECTOR) & ~rest;
    if (reached == b->dev.capacity)
        return 0;
    if (reached != offered)
        log_warn("%s: the last %llu sectors make no block of %u bytes and cannot be reached",
                 b->v->where, (unsigned long long)(offered - reached), b->dev.block_size);
    b->dev.capacity = reached;
    return 1;
}

static int
read_config(struct virtio_block *b)
{
    struct disk_device *d = &b->dev;
    uint32_t size = DISK_SECTOR;

    if (virtio_has(b->v, VIRTIO_BLK_F_BLK_SIZE) &&
        virtio_config_read32(b->v, CONFIG(blk_size), &size) < 0)
        return -EIO;
    /* Who waits while the device is reset counts on the size that it saw before. */
    if (size < DISK_SECTOR || size > DISK_BLOCK_MAX || (size & (size - 1)) != 0 ||
        (b->registered && size != d->block_size)) {
        log_error("%s: blocks of %u bytes; the disk is not used", b->v->where, size);
        return -EINVAL;
    }
    d->block_size = size;
    d->read_only = virtio_has(b->v, VIRTIO_BLK_F_RO);
    d->can_flush = virtio_has(b->v, VIRTIO_BLK_F_FLUSH);
    return read_capacity(b) < 0 ? -EIO : read_limits(b);
}

static struct virtio_block *
block_new(struct virtio_device *v)
{
    struct virtio_block *b = kmalloc(sizeof(*b));
    struct block_slot *slots = kmalloc(BLOCK_IN_FLIGHT * sizeof(*slots));

    if (!b || !slots) {
        kfree(b);
        kfree(slots);
        return NULL;
    }
    b->v = v;
    for (int i = 0; i < BLOCK_IN_FLIGHT; i++)
        block_slot_free(b, &slots[i]);
    list_init(&b->requests);
    list_init(&b->waiting);
    wait_queue_init(&b->dev.space);
    b->timer.fire = block_late;
    b->timer.arg = b;
    b->dev.timeout = DEFAULT_TIMEOUT;
    b->dev.submit = block_submit;
    return b;
}

static int
block_probe(struct virtio_device *v)
{
    struct virtio_block *b = v->driver_data;
    int error;

    if (!b)
        b = v->driver_data = block_new(v);
    if (!b)
        return -ENOMEM;
    error = virtio_queue_new(v, 0, "requests", block_answered, &b->queue);
    if (error)
        return error;
    return read_config(b);
}

/* 20 bytes, ended by NUL only if shorter (5.2.6.1); what is not printable ends it too. */
static void
id_done(struct disk_request *r)
{
    struct virtio_block *b = r->arg;

    if (r->status)
        return;
    for (int i = 0; i < VIRTIO_BLK_ID_LEN; i++) {
        char c = ACCESS_ONCE(b->id[i]);
        if (c < ' ' || c > '~')
            return;
        b->dev.serial[i] = c;
    }
}

static void
ask_id(struct virtio_block *b)
{
    b->id_part = (struct sg){b->id, sizeof(b->id)};
    b->id_request = (struct disk_request){
        .op = DISK_READ, .parts = &b->id_part, .nr_parts = 1, .done = id_done, .arg = b};
    /* No serial if it cannot be asked for. */
    (void)block_accept(b, &b->id_request);
}

static void
block_started(struct virtio_device *v)
{
    struct virtio_block *b = v->driver_data;

    if (b->registered) {
        block_restart(b);
        return;
    }
    b->registered = true;
    disk_register(&b->dev);
    log_info("%s: %llu sectors of 512 bytes%s, at %s", b->dev.name,
             (unsigned long long)b->dev.capacity, b->dev.read_only ? ", read-only" : "",
             v->where);
    if (!v->transport->no_get_id)
        ask_id(b);
}

static void
block_stopped(struct virtio_device *v)
{
    block_let_go(v->driver_data);
}

static void
block_config_changed(struct virtio_device *v)
{
    struct virtio_block *b = v->driver_data;

    if (read_capacity(b) > 0)
        log_info("%s: now %llu sectors of 512 bytes", b->dev.name,
                 (unsigned long long)b->dev.capacity);
}

static const struct virtio_driver block_driver = {
    .type = VIRTIO_ID_BLOCK,
    .name = "virtio-blk",
    .features = BIT(VIRTIO_BLK_F_SIZE_MAX) | BIT(VIRTIO_BLK_F_SEG_MAX) | BIT(VIRTIO_BLK_F_RO) |
                BIT(VIRTIO_BLK_F_BLK_SIZE) | BIT(VIRTIO_BLK_F_FLUSH),
    .dependencies = (const struct virtio_dependency[]){{0, 0}},
    .probe = block_probe,
    .started = block_started,
    .stopped = block_stopped,
    .config_changed = block_config_changed,
};
ENLIST(virtio_drivers, block_driver);

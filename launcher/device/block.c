/*
 * Disks: a file or a block device of the host. What is in the host's page cache is read, and
 * what can be written without waiting is written, in the vCPU thread at once; the rest, and
 * every flush, goes to the worker (handing a request over and back costs more than reading
 * 4 KiB from memory). So requests complete out of order, as they may (virtio 1.2, 5.2.6).
 *
 * A type of 8 (GET_ID of later devices) is a read, as with the original, which knows no ids.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include "launcher/check/check.h"
#include "launcher/device/device.h"
#include "launcher/guest.h"
#include "launcher/launcher.h"

#define SECTOR     512
#define SEG_MAX    254 /* parts of one request beside its header and status */
#define TYPE_OUT   1   /* as the original reads the type: bits */
#define TYPE_SCSI  2
#define TYPE_FLUSH 4

struct request {
    struct job job;
    struct queue *queue;
    struct disk *disk;
    uint32_t type;
    off_t offset; /* bytes */
    uint32_t len;
    uint32_t written; /* into guest memory, for the used ring */
    uint16_t head;
    uint8_t result;
    uint8_t *status; /* in guest memory */
    unsigned nr_parts;
    struct iovec parts[CHAIN_PARTS];
};

struct disk {
    int fd;
    bool read_only;
    bool recorded;
    bool no_nowait_writes; /* the file system cannot write without waiting, or say so */
    uint64_t capacity;     /* sectors */
    unsigned at_worker;    /* requests there */
    struct virtio_blk_config config;
    struct request *requests; /* by head */
};

#define CONFIG_LEN offsetof(struct virtio_blk_config, cylinders)

static void
answer(struct request *r, uint8_t result)
{
    *r->status = result;
    if (result == VIRTIO_BLK_S_OK && r->type == VIRTIO_BLK_T_FLUSH && r->disk->recorded)
        record_flush();
    if (result == VIRTIO_BLK_S_OK && r->type == VIRTIO_BLK_T_OUT)
        r->queue->device->bytes_out += r->len;
    else if (result == VIRTIO_BLK_S_OK)
        r->queue->device->bytes_in += r->len;
    bool read = result == VIRTIO_BLK_S_OK && r->type == VIRTIO_BLK_T_IN;
    ring_put(r->queue, r->head, (read ? r->len : 0) + 1);
}

/* On the worker thread: all of it, however long it takes. */
static void
run(struct job *job)
{
    struct request *r = (struct request *)job;
    r->result = VIRTIO_BLK_S_IOERR;
    if (r->type == VIRTIO_BLK_T_FLUSH) {
        if (fdatasync(r->disk->fd) == 0)
            r->result = VIRTIO_BLK_S_OK;
        return;
    }
    uint32_t done = 0;
    while (done < r->len) {
        ssize_t n = r->type == VIRTIO_BLK_T_OUT
                        ? pwritev(r->disk->fd, r->parts, r->nr_parts, r->offset + done)
                        : preadv(r->disk->fd, r->parts, r->nr_parts, r->offset + done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        done += n;
        r->nr_parts = iov_skip(r->parts, r->nr_parts, n);
    }
    r->result = VIRTIO_BLK_S_OK;
}

static void
done(struct job *job)
{
    struct request *r = (struct request *)job;
    r->disk->at_worker--;
    answer(r, r->result);
    ring_interrupt(r->queue);
}

/* True if it could be done at once. */
static bool
try_now(struct request *r)
{
    struct disk *disk = r->disk;
    ssize_t n;
    if (r->type == VIRTIO_BLK_T_FLUSH)
        return false;
    if (r->type == VIRTIO_BLK_T_IN) {
        n = preadv2(disk->fd, r->parts, r->nr_parts, r->offset, RWF_NOWAIT);
        return n == (ssize_t)r->len;
    }
    if (!disk->no_nowait_writes) {
        n = pwritev2(disk->fd, r->parts, r->nr_parts, r->offset, RWF_NOWAIT);
        if (n == (ssize_t)r->len)
            return true;
        if (n < 0 && errno == EOPNOTSUPP)
            disk->no_nowait_writes = true;
    }
    return false;
}

/* Readable parts: a header, then what to write. Writable: what to read, then the status. */
static void
parse(struct request *r, struct chain *c)
{
    struct virtio_blk_req_hdr header;
    if (c->out_len < sizeof(header))
        ring_violation(r->queue, "a request with a header of %u bytes", c->out_len);
    if (c->in_len < 1)
        ring_violation(r->queue, "a request without a status byte");
    HOOK(rules.block, (r->queue, c));
    iov_read(c->parts, c->nr_out, &header, sizeof(header));
    struct iovec *last = &c->parts[c->nr_out + c->nr_in - 1];
    while (last->iov_len == 0) /* in_len is at least 1: there is one that is not empty */
        last--;
    r->status = (uint8_t *)last->iov_base + --last->iov_len;
    bool out = header.type & TYPE_OUT;
    r->type = header.type & TYPE_SCSI    ? header.type
              : out                      ? VIRTIO_BLK_T_OUT
              : header.type & TYPE_FLUSH ? VIRTIO_BLK_T_FLUSH
                                         : VIRTIO_BLK_T_IN;
    r->len = out ? c->out_len - sizeof(header) : c->in_len - 1;
    struct iovec *from = out ? c->parts : c->parts + c->nr_out;
    r->nr_parts = out ? iov_skip(from, c->nr_out, sizeof(header)) : c->nr_in;
    memcpy(r->parts, from, r->nr_parts * sizeof(*from));
    r->offset = header.sector * SECTOR;
    if (header.sector > r->disk->capacity ||
        r->len > (r->disk->capacity - header.sector) * SECTOR)
        r->len = UINT32_MAX; /* past the end */
}

static void
start(struct request *r)
{
    struct disk *disk = r->disk;
    if (r->type & TYPE_SCSI) {
        answer(r, VIRTIO_BLK_S_UNSUPP);
        return;
    }
    if (r->type == VIRTIO_BLK_T_FLUSH) {
        r->len = 0;
    } else if (r->len == UINT32_MAX || (r->type == VIRTIO_BLK_T_OUT && disk->read_only)) {
        answer(r, VIRTIO_BLK_S_IOERR);
        return;
    }
    if (r->type == VIRTIO_BLK_T_OUT && disk->recorded)
        record_write((uint64_t)r->offset, r->parts, r->nr_parts, r->len);
    if (try_now(r)) {
        answer(r, VIRTIO_BLK_S_OK);
        return;
    }
    r->status = memory_to_keep(r->status);
    for (unsigned i = 0; i < r->nr_parts; i++)
        r->parts[i].iov_base = memory_to_keep(r->parts[i].iov_base);
    disk->at_worker++;
    worker_submit(&r->job);
}

static void
serve(struct queue *q)
{
    static struct chain c;
    struct disk *disk = q->device->state;
    while (ring_peek(q, &c)) {
        ring_take(q, &c);
        struct request *r = &disk->requests[c.head];
        r->job = (struct job){.run = run, .done = done};
        r->queue = q;
        r->disk = disk;
        r->head = c.head;
        parse(r, &c);
        if (!lies.forget || !lies.forget())
            start(r);
    }
    ring_interrupt(q);
}

static void
reset(struct device *d)
{
    struct disk *disk = d->state;
    while (disk->at_worker)
        device_sleep(NULL, 0);
}

static const struct device_ops block = {.serve = serve, .reset = reset};

static void
open_image(struct disk *disk, const char *name)
{
    struct stat status;
    /* Before it is opened, since opening a pipe would wait for its other end. */
    if (stat(name, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode))
        usage_error("%s is neither a file nor a block device", name);
    disk->fd = open(name, (disk->read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
    if (disk->fd < 0)
        usage_error("cannot open %s%s: %s", name,
                    !disk->read_only && (errno == EACCES || errno == EROFS)
                        ? " for writing (add ,ro to the option to only read it)"
                        : "",
                    strerror(errno));
    off_t size = lseek(disk->fd, 0, SEEK_END);
    if (size < 0)
        usage_error("%s is neither a file nor a block device", name);
    if (size < SECTOR)
        usage_error("%s has %u bytes: a disk has at least one sector of %u; truncate -s 64M %s "
                    "makes one",
                    name, (unsigned)size, SECTOR, name);
    if (flock(disk->fd, (disk->read_only ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0 &&
        errno == EWOULDBLOCK)
        usage_error("%s is in use by another guest, or named twice", name);
    if (size % SECTOR)
        warn("%s: its last %u bytes are no whole sector and not part of the disk", name,
             (unsigned)(size % SECTOR));
    disk->capacity = size / SECTOR;
    filter_allow_disk(disk->fd, disk->read_only ? 0 : size);
}

void
block_open(char *value)
{
    struct device *d = device_new(&block, VIRTIO_ID_BLOCK, 1);
    struct disk *disk = calloc(1, sizeof(*disk));
    if (disk)
        disk->requests = calloc(LGUEST_VRING_SIZE, sizeof(*disk->requests));
    if (!disk || !disk->requests)
        die("out of memory");
    char *comma = strrchr(value, ',');
    if (comma && strcmp(comma, ",ro") == 0) {
        *comma = '\0';
        disk->read_only = true;
    }
    open_image(disk, value);
    disk->recorded = record_open();
    disk->config.capacity = disk->capacity;
    disk->config.seg_max = SEG_MAX;
    d->state = disk;
    d->config = &disk->config;
    d->config_len = CONFIG_LEN;
    d->features = BIT(VIRTIO_BLK_F_SEG_MAX) | BIT(VIRTIO_BLK_F_FLUSH);
    if (disk->read_only)
        d->features |= BIT(VIRTIO_BLK_F_RO);
    d->feature_len = 2;
    worker_setup();
}

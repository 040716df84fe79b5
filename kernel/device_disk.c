/*
 * The disks there are, and the simple call on top of the asynchronous one: read or write any
 * number of blocks and wait. Relies on a driver answering each request that it accepts,
 * within the disk's time-out, so nothing here waits with a limit of its own.
 */
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "kernel/string.h"

/* A large transfer is cut into chunks, several of them in flight, so that the device has the
 * next one while this side is woken for the last. All of it lives on the caller's stack. */
#define CHUNKS      4
#define CHUNK_PARTS 8
#define CHUNK_BYTES (128u << 10)

static struct list disks = LIST_INIT(disks);
static unsigned nr_disks;

struct transfer;

struct chunk {
    struct disk_request request;
    struct sg parts[CHUNK_PARTS];
    struct transfer *transfer;
    bool in_flight;
};

struct transfer {
    struct disk_device *disk;
    enum disk_op op;
    uint64_t sector; /* where the next chunk begins */
    char *data;
    size_t left; /* bytes that are in no chunk yet */
    int error;   /* the first one */
    unsigned in_flight;
    struct wait_queue progress;
    struct chunk chunks[CHUNKS];
};

/* ---- registry ---- */

/* vda to vdz, then vdaa and on, as Linux users know them. */
static void
name_disk(struct disk_device *d)
{
    const char first[] = {nr_disks < 26 ? '\0' : (char)('a' + nr_disks / 26 - 1), '\0'};

    ksnprintf(d->name, sizeof(d->name), "vd%s%c", first, 'a' + (int)(nr_disks++ % 26));
}

void
disk_register(struct disk_device *d)
{
    if (!d->whole)
        name_disk(d);
    list_append(&disks, &d->link);
}

struct disk_device *
disk_next(struct disk_device *after)
{
    struct list *next = after ? after->link.next : disks.next;

    return next == &disks ? NULL : container_of(next, struct disk_device, link);
}

struct disk_device *
disk_find(const char *name)
{
    struct disk_device *d = NULL;

    while ((d = disk_next(d)))
        if (strcmp(d->name, name) == 0)
            return d;
    return NULL;
}

/* ---- the synchronous call ---- */

uint64_t
disk_request_bytes(const struct disk_request *r)
{
    uint64_t total = 0;

    for (unsigned i = 0; i < r->nr_parts; i++)
        total += r->parts[i].len;
    return total;
}

static void
chunk_done(struct disk_request *request)
{
    struct chunk *c = request->arg;
    struct transfer *t = c->transfer;

    if (t->error == 0)
        t->error = request->status;
    c->in_flight = false;
    t->in_flight--;
    wake_all(&t->progress);
}

static struct chunk *
idle_chunk(struct transfer *t)
{
    for (int i = 0; i < CHUNKS; i++)
        if (!t->chunks[i].in_flight)
            return &t->chunks[i];
    return NULL;
}

/* Fill the chunk from where the transfer stands; bytes. As many whole blocks as its parts carry,
 * and they carry one: 8 of the least size, 512 bytes, make the largest. */
static size_t
chunk_fill(const struct transfer *t, struct chunk *c)
{
    size_t part_max = MIN(t->disk->max_part, CHUNK_BYTES);
    size_t fits = part_max * MIN(t->disk->max_parts, (uint32_t)CHUNK_PARTS);
    size_t left = MIN(t->left, MIN(fits, CHUNK_BYTES) & ~(t->disk->block_size - 1));
    char *at = t->data;
    unsigned n = 0;

    for (; left > 0; n++) {
        size_t len = MIN(left, part_max);
        c->parts[n] = (struct sg){at, (uint32_t)len};
        at += len;
        left -= len;
    }
    c->request = (struct disk_request){
        .op = t->op,
        .sector = t->sector,
        .parts = c->parts,
        .nr_parts = n,
        .done = chunk_done,
        .arg = c,
    };
    return (size_t)(at - t->data);
}

/* Start a chunk; a full ring is waited for. */
static void
chunk_start(struct transfer *t, struct chunk *c)
{
    size_t len = chunk_fill(t, c);
    int error;

    while ((error = t->disk->submit(t->disk, &c->request)) == -ENOSPC)
        wait_on(disk_space(t->disk), TIME_NEVER);
    if (error) {
        t->error = error;
        return;
    }
    c->in_flight = true;
    t->in_flight++;
    t->sector += len / DISK_SECTOR;
    t->data += len;
    t->left -= len;
}

/* Returns when nothing is in flight any more: the chunks lie on this stack. */
static int
transfer_run(struct transfer *t)
{
    struct chunk *c;

    for (;;) {
        while (t->left > 0 && t->error == 0 && (c = idle_chunk(t)))
            chunk_start(t, c);
        if (t->in_flight == 0)
            return t->error;
        wait_on(&t->progress, TIME_NEVER);
    }
}

static void
transfer_init(struct transfer *t, struct disk_device *d, enum disk_op op)
{
    memset(t, 0, sizeof(*t));
    t->disk = d;
    t->op = op;
    wait_queue_init(&t->progress);
    for (int i = 0; i < CHUNKS; i++)
        t->chunks[i].transfer = t;
}

static int
transfer_sectors(struct disk_device *d, enum disk_op op, uint64_t sector, void *data,
                 size_t len)
{
    uint64_t capacity = d->capacity;
    struct transfer t;

    /* The whole range before the first chunk, so that a wrong call changes nothing. */
    if ((((d->start + sector) * DISK_SECTOR | len) & (d->block_size - 1)) ||
        sector > capacity || len / DISK_SECTOR > capacity - sector)
        return -EINVAL;
    transfer_init(&t, d, op);
    t.sector = sector;
    t.data = data;
    t.left = len;
    return transfer_run(&t);
}

int
disk_read(struct disk_device *d, uint64_t sector, void *data, size_t len)
{
    return transfer_sectors(d, DISK_READ, sector, data, len);
}

/* The device only reads the data; a scatter list has one kind of pointer for both ways. */
int
disk_write(struct disk_device *d, uint64_t sector, const void *data, size_t len)
{
    return transfer_sectors(d, DISK_WRITE, sector, (void *)(uintptr_t)data, len);
}

int
disk_flush(struct disk_device *d)
{
    struct transfer t;

    transfer_init(&t, d, DISK_FLUSH);
    chunk_start(&t, &t.chunks[0]);
    return transfer_run(&t);
}

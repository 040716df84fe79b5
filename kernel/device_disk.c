/*
 * The disks there are, and two calls on top of a driver's: start one request of as much as it
 * carries; read or write any number of blocks and wait. Relies on a driver answering each request that it accepts,
 * within the disk's time-out, so nothing here waits with a limit of its own.
 */
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "kernel/string.h"

/* A large transfer is cut into chunks, several of them in flight, so that the device has the
 * next one while this side is woken for the last. All of it lives on the caller's stack. */
#define CHUNKS      4
#define CHUNK_BYTES (128u << 10)

static struct list disks = LIST_INIT(disks);
static unsigned nr_disks;

struct transfer {
    struct disk_device *disk;
    enum disk_op op;
    uint64_t sector; /* where the next chunk begins */
    char *data;
    size_t left; /* bytes that are in no chunk yet */
    int error;   /* the first one */
    unsigned in_flight;
    struct wait_queue progress;
    struct list idle; /* chunks, by their requests' links */
    struct disk_chunk chunks[CHUNKS];
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

/* ---- the asynchronous call ---- */

/* The parts of a chunk carry one block: 8 of the least size, 512 bytes, make the largest. */
size_t
disk_chunk_max(const struct disk_device *d)
{
    size_t parts = MIN(d->max_parts, (uint32_t)DISK_CHUNK_PARTS);
    size_t fits = MIN(d->max_part, CHUNK_BYTES) * parts;

    return MIN(fits, CHUNK_BYTES) & ~(d->block_size - 1);
}

long
disk_start(struct disk_device *d, struct disk_chunk *c, void *data, size_t len)
{
    size_t taken = MIN(len, disk_chunk_max(d));
    unsigned n = 0;

    for (size_t at = 0; at < taken; at += c->parts[n++].len)
        c->parts[n] = (struct sg){(char *)data + at, (uint32_t)MIN(taken - at, d->max_part)};
    c->request.parts = c->parts;
    c->request.nr_parts = n;
    int error = d->submit(d, &c->request);
    return error ? error : (long)taken;
}

/* ---- the synchronous call ---- */

static void
chunk_done(struct disk_request *request)
{
    struct transfer *t = request->arg;

    if (t->error == 0)
        t->error = request->status;
    list_append(&t->idle, &request->link);
    t->in_flight--;
    wake_all(&t->progress);
}

/* Start the next chunk; a full ring is waited for. */
static void
chunk_start(struct transfer *t)
{
    struct disk_chunk *c = container_of(list_pop(&t->idle), struct disk_chunk, request.link);
    long taken;

    c->request =
        (struct disk_request){.op = t->op, .sector = t->sector, .done = chunk_done, .arg = t};
    while ((taken = disk_start(t->disk, c, t->data, t->left)) == -ENOSPC)
        wait_on(disk_space(t->disk), TIME_NEVER);
    if (taken < 0) {
        t->error = (int)taken;
        return;
    }
    t->in_flight++;
    t->sector += (size_t)taken / DISK_SECTOR;
    t->data += taken;
    t->left -= (size_t)taken;
}

/* Returns when nothing is in flight any more: the chunks lie on this stack. */
static int
transfer_run(struct disk_device *d, enum disk_op op, uint64_t sector, void *data, size_t len)
{
    struct transfer t = {.disk = d, .op = op, .sector = sector, .data = data, .left = len};

    wait_queue_init(&t.progress);
    list_init(&t.idle);
    for (int i = 0; i < CHUNKS; i++)
        list_append(&t.idle, &t.chunks[i].request.link);
    do {
        chunk_start(&t);
        while (t.in_flight > 0 && (t.left == 0 || t.error || list_empty(&t.idle)))
            wait_on(&t.progress, TIME_NEVER);
    } while (t.left > 0 && t.error == 0);
    return t.error;
}

int
disk_transfer(struct disk_device *d, enum disk_op op, uint64_t sector, void *data, size_t len)
{
    uint64_t capacity = d->capacity;

    /* The whole range before the first chunk, so that a wrong call changes nothing. */
    if ((((d->start + sector) * DISK_SECTOR | len) & (d->block_size - 1)) ||
        sector > capacity || len / DISK_SECTOR > capacity - sector)
        return -EINVAL;
    return len == 0 ? 0 : transfer_run(d, op, sector, data, len);
}

int
disk_flush(struct disk_device *d)
{
    return transfer_run(d, DISK_FLUSH, 0, NULL, 0);
}

/*
 * An archive that lies on a disk. Large reads go from the disk straight into the caller's
 * buffer (disk_transfer keeps several requests in flight); small ones, and the ends of large ones
 * that are not on a block's border, come from a few slots of cache. When slots are asked for
 * one after the other, the next one is fetched before anybody asks.
 *
 * Relies on kernel/device.h. The disk's contents are taken to be constant.
 */
#include "kernel/kernel.h"
#include "kernel/list.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "kernel/string.h"
#include "lib/fs/fs.h"

#define NR_SLOTS 8
#define SLOT_MAX (16u << 10) /* bytes of one slot */

enum slot_state {
    SLOT_EMPTY,
    SLOT_FILLING,
    SLOT_VALID,
};

struct slot {
    enum slot_state state;
    uint64_t at;   /* where on the disk, a multiple of the slot size */
    uint64_t used; /* when it was last wanted, on the reader's own scale */
    void *data;
    struct disk_chunk chunk; /* of a read-ahead */
    struct disk_reader *reader;
};

struct disk_reader {
    struct fs_reader reader;
    struct disk_device *disk;
    size_t slot_size;
    uint64_t next;  /* the slot that comes after the one wanted last */
    uint64_t ticks; /* counts what is wanted */
    struct wait_queue filled;
    struct slot slots[NR_SLOTS];
};

static size_t
slot_bytes(const struct disk_reader *r, uint64_t at)
{
    return (size_t)MIN((uint64_t)r->slot_size, r->reader.size - at);
}

static struct slot *
slot_find(struct disk_reader *r, uint64_t at)
{
    for (unsigned i = 0; i < NR_SLOTS; i++) {
        struct slot *s = &r->slots[i];
        if ((s->state == SLOT_VALID || s->state == SLOT_FILLING) && s->at == at)
            return s;
    }
    return NULL;
}

/* The slot that was not wanted for the longest time; NULL while all are being filled. */
static struct slot *
slot_victim(struct disk_reader *r)
{
    struct slot *oldest = NULL;

    for (unsigned i = 0; i < NR_SLOTS; i++) {
        struct slot *s = &r->slots[i];
        if (s->state != SLOT_FILLING && (!oldest || s->used < oldest->used))
            oldest = s;
    }
    return oldest;
}

static bool
any_filling(const struct disk_reader *r)
{
    for (unsigned i = 0; i < NR_SLOTS; i++)
        if (r->slots[i].state == SLOT_FILLING)
            return true;
    return false;
}

static void
slot_filled(struct slot *s, int error)
{
    s->state = error ? SLOT_EMPTY : SLOT_VALID;
    wake_all(&s->reader->filled);
}

static void
slot_take(struct disk_reader *r, struct slot *s, uint64_t at)
{
    s->state = SLOT_FILLING;
    s->at = at;
    s->used = ++r->ticks;
}

/* ---- read-ahead ---- */

static void
read_ahead_done(struct disk_request *request)
{
    slot_filled(request->arg, request->status);
}

/* A wish, not a need: whatever stands in its way, it is left. So is a slot that is no whole blocks,
 * as on a partition that does not begin or end with one. */
static void
read_ahead(struct disk_reader *r, uint64_t at)
{
    uint64_t on_whole = r->disk->start * DISK_SECTOR + at;
    struct slot *s;

    if (at >= r->reader.size || ((on_whole | slot_bytes(r, at)) & (r->disk->block_size - 1)) ||
        slot_find(r, at) || !(s = slot_victim(r)))
        return;
    slot_take(r, s, at);
    s->chunk.request = (struct disk_request){
        .op = DISK_READ, .sector = at / DISK_SECTOR, .done = read_ahead_done, .arg = s};
    if (disk_start(r->disk, &s->chunk, s->data, slot_bytes(r, at)) < 0)
        s->state = SLOT_EMPTY;
}

/* ---- reading ---- */

static int
slot_fill(struct disk_reader *r, struct slot *s, uint64_t at)
{
    slot_take(r, s, at);
    int error = fs_disk_bytes(r->disk, DISK_READ, at, s->data, slot_bytes(r, at));
    slot_filled(s, error);
    return error;
}

/* The slot at `at`, filled. Each round waits for a request that the driver answers within its
 * own time-out, or ends. */
static int
slot_get(struct disk_reader *r, uint64_t at, struct slot **out)
{
    for (;;) {
        struct slot *s = slot_find(r, at);
        if (s && s->state == SLOT_VALID) {
            s->used = ++r->ticks;
            *out = s;
            return 0;
        }
        if (!s && (s = slot_victim(r))) {
            int error = slot_fill(r, s, at);
            if (error)
                return error;
            continue;
        }
        wait_on(&r->filled, TIME_NEVER);
    }
}

/* A slot that cannot be read may have sectors that can: at most `len` bytes out of the first one,
 * with no other block around them. */
static long
read_sector(struct disk_reader *r, uint64_t at, void *to, size_t len)
{
    len = MIN(len, DISK_SECTOR - (size_t)(at % DISK_SECTOR));
    int error = fs_disk_bytes(r->disk, DISK_READ, at, to, len);
    return error ? error : (long)len;
}

/* At most `len` bytes at `at` out of one slot; bytes, or negative errno. */
static long
read_slot(struct disk_reader *r, uint64_t at, void *to, size_t len)
{
    uint64_t base = at - at % r->slot_size;
    size_t offset = (size_t)(at - base);
    struct slot *s;
    int error = slot_get(r, base, &s);

    if (error)
        return read_sector(r, at, to, len);
    len = MIN(len, slot_bytes(r, base) - offset);
    memcpy(to, (char *)s->data + offset, len);
    if (base == r->next)
        read_ahead(r, base + r->slot_size);
    r->next = base + r->slot_size;
    return (long)len;
}

static int
disk_reader_read(struct fs_reader *reader, uint64_t at, void *to, size_t len)
{
    struct disk_reader *r = container_of(reader, struct disk_reader, reader);
    size_t part = r->disk->block_size - 1;

    while (len > 0) {
        long got;
        if ((at & part) == 0 && len >= r->slot_size) {
            got = (long)(len & ~part);
            int error = fs_disk_bytes(r->disk, DISK_READ, at, to, (size_t)got);
            if (error)
                return error;
        } else {
            got = read_slot(r, at, to, len);
            if (got < 0)
                return (int)got;
        }
        at += (uint64_t)got;
        to = (char *)to + got;
        len -= (size_t)got;
    }
    return 0;
}

static size_t
slot_pages(const struct disk_reader *r)
{
    return PAGE_ALIGN(NR_SLOTS * r->slot_size) >> PAGE_SHIFT;
}

static void
disk_reader_close(struct fs_reader *reader)
{
    struct disk_reader *r = container_of(reader, struct disk_reader, reader);

    while (any_filling(r))
        wait_on(&r->filled, TIME_NEVER);
    /* A device that was given up may not have let go: then the memory stays with it. */
    if (!r->disk->broken)
        pages_free(r->slots[0].data, slot_pages(r));
    kfree(r);
}

static bool
allocate_slots(struct disk_reader *r)
{
    char *data = pages_alloc(slot_pages(r));

    for (unsigned i = 0; i < NR_SLOTS; i++) {
        r->slots[i].reader = r;
        r->slots[i].data = data + i * r->slot_size;
    }
    return data;
}

struct fs_reader *
fs_reader_disk(struct disk_device *disk)
{
    struct disk_reader *r = kmalloc(sizeof(*r));

    if (!r)
        return NULL;
    r->reader = (struct fs_reader){disk->name, disk->capacity * DISK_SECTOR, disk_reader_read,
                                   disk_reader_close};
    r->disk = disk;
    r->slot_size = MIN(disk_chunk_max(disk), SLOT_MAX);
    r->next = 1; /* no slot begins there */
    wait_queue_init(&r->filled);
    if (r->slot_size == 0 || !allocate_slots(r)) {
        kfree(r);
        return NULL;
    }
    return &r->reader;
}

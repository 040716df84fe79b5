/*
 * The blocks of a disk that are in memory. Those that were read make room for others when the limit
 * is reached, the one used longest ago first. Changed ones stay until somebody has them written:
 * contents of files may go to their place at any time, everything else only when journal.c says so.
 *
 * When blocks are wanted one after the other, more are read at once. Relies on fs_disk_bytes.
 */
#include "kernel/string.h"
#include "lib/ext/ext.h"

#define BUCKETS   1024
#define AHEAD_MIN 4
#define LIMIT_MIN 64 /* blocks */

static struct ext_block **
bucket_of(struct ext_cache *c, uint64_t number)
{
    return &c->buckets[number % BUCKETS];
}

static struct ext_block *
look(struct ext_cache *c, uint64_t number)
{
    struct ext_block *b = *bucket_of(c, number);

    while (b && b->number != number)
        b = b->chain;
    return b;
}

static void
drop(struct ext_cache *c, struct ext_block *b)
{
    struct ext_block **at = bucket_of(c, b->number);

    while (*at != b)
        at = &(*at)->chain;
    *at = b->chain;
    list_remove(&b->link);
    if (b->dirty)
        (*(b->data ? &c->nr_data : &c->nr_meta))--;
    c->count--;
    kfree(b);
}

static void
make_room(struct ext_cache *c)
{
    struct list *at = c->used.next;

    while (c->count >= c->limit && at != &c->used) {
        struct ext_block *b = container_of(at, struct ext_block, link);
        at = at->next;
        if (!b->dirty)
            drop(c, b);
    }
}

/* One that is not there yet, of which nothing is known. */
static struct ext_block *
add(struct ext_cache *c, uint64_t number)
{
    make_room(c);
    struct ext_block *b = kmalloc_raw(sizeof(*b) + c->block_size);
    if (!b)
        return NULL;
    struct ext_block **bucket = bucket_of(c, number);
    *b = (struct ext_block){.chain = *bucket, .number = number};
    *bucket = b;
    list_append(&c->used, &b->link);
    c->count++;
    return b;
}

static void
touch(struct ext_cache *c, struct ext_block *b)
{
    list_remove(&b->link);
    list_append(&c->used, &b->link);
}

static void
set_dirty(struct ext_cache *c, struct ext_block *b, bool data)
{
    if (b->dirty)
        (*(b->data ? &c->nr_data : &c->nr_meta))--;
    b->dirty = true;
    b->data = data;
    (*(data ? &c->nr_data : &c->nr_meta))++;
}

static void
set_clean(struct ext_cache *c, struct ext_block *b)
{
    if (b->dirty)
        (*(b->data ? &c->nr_data : &c->nr_meta))--;
    b->dirty = false;
}

/* ---- reading ---- */

/* How many blocks from this one on to read at once: up to the first that is there. */
static unsigned
run_to_read(struct ext_cache *c, uint64_t number)
{
    unsigned most = EXT_STAGING / c->block_size, n = 1;

    c->ahead = number == c->next ? MIN(MAX(c->ahead * 2, (unsigned)AHEAD_MIN), most) : 1;
    while (n < c->ahead && number + n < c->blocks && !look(c, number + n))
        n++;
    return n;
}

static int
bring(struct ext_cache *c, uint64_t number, struct ext_block **out)
{
    unsigned n = run_to_read(c, number);
    int error = fs_disk_bytes(c->disk, DISK_READ, number * c->block_size, c->staging,
                              (size_t)n * c->block_size);

    if (error && n > 1) { /* a wish for more must not be why this one cannot be read */
        n = 1;
        error = fs_disk_bytes(c->disk, DISK_READ, number * c->block_size, c->staging,
                              c->block_size);
    }
    if (error)
        return error;
    for (unsigned i = n; i-- > 0;) { /* the one that is wanted last, so that it stays */
        struct ext_block *b = add(c, number + i);
        if (!b)
            return -ENOMEM;
        memcpy(b->bytes, c->staging + (size_t)i * c->block_size, c->block_size);
        *out = b;
    }
    c->next = number + n;
    return 0;
}

/* `whole`: all of it will be written. */
static int
get(struct ext_cache *c, uint64_t number, bool whole, struct ext_block **out)
{
    if (number >= c->blocks)
        return -EIO; /* so says a file system that is damaged */
    if (c->nr_data > c->limit / 2)
        (void)ext_cache_write_data(c); /* what fails stays, and is told by the next commit */
    *out = look(c, number);
    if (*out) {
        touch(c, *out);
        return 0;
    }
    if (!whole)
        return bring(c, number, out);
    *out = add(c, number);
    return *out ? 0 : -ENOMEM;
}

int
ext_cache_read(struct ext_cache *c, uint64_t at, void *to, size_t len)
{
    while (len > 0) {
        size_t offset = (size_t)(at % c->block_size), now = MIN(len, c->block_size - offset);
        struct ext_block *b;
        int error = get(c, at / c->block_size, false, &b);
        if (error)
            return error;
        memcpy(to, b->bytes + offset, now);
        at += now;
        to = (char *)to + now;
        len -= now;
    }
    return 0;
}

/* ---- changing ---- */

/* What is written as it was, as most of a superblock and of descriptors is, has not changed. */
int
ext_cache_write(struct ext_cache *c, uint64_t at, const void *from, size_t len, bool data)
{
    while (len > 0) {
        size_t offset = (size_t)(at % c->block_size), now = MIN(len, c->block_size - offset);
        bool known = look(c, at / c->block_size);
        struct ext_block *b;
        int error = get(c, at / c->block_size, now == c->block_size, &b);
        if (error)
            return error;
        known |= now < c->block_size;
        if (!known || memcmp(b->bytes + offset, from, now) != 0 ||
            (b->dirty && b->data != data)) {
            memcpy(b->bytes + offset, from, now);
            set_dirty(c, b, data);
        }
        at += now;
        from = (const char *)from + now;
        len -= now;
    }
    return 0;
}

void
ext_cache_forget(struct ext_cache *c, uint64_t block)
{
    struct ext_block *b = look(c, block);

    if (b)
        drop(c, b);
}

/* ---- writing ---- */

static void
sift(struct ext_block **heap, size_t at, size_t count)
{
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && heap[child + 1]->number > heap[child]->number)
            child++;
        if (heap[at]->number >= heap[child]->number)
            return;
        struct ext_block *b = heap[at];
        heap[at] = heap[child];
        heap[child] = b;
    }
}

/* In place and without a stack: there may be thousands, and threads' stacks are small. */
static void
sort(struct ext_block **blocks, size_t count)
{
    for (size_t i = count / 2; i-- > 0;)
        sift(blocks, i, count);
    while (count-- > 1) {
        struct ext_block *b = blocks[0];
        blocks[0] = blocks[count];
        blocks[count] = b;
        sift(blocks, 0, count);
    }
}

static void
list_dirty(struct ext_cache *c, bool data, struct ext_block **out)
{
    size_t n = 0;

    list_foreach(at, &c->used)
    {
        struct ext_block *b = container_of(at, struct ext_block, link);
        if (b->dirty && b->data == data)
            out[n++] = b;
    }
    sort(out, n);
}

void
ext_cache_list_meta(struct ext_cache *c, struct ext_block **out)
{
    list_dirty(c, false, out);
}

/* Blocks that lie side by side go in one request. */
static int
write_sorted(struct ext_cache *c, struct ext_block **blocks, size_t count)
{
    size_t most = EXT_STAGING / c->block_size;

    for (size_t i = 0, n; i < count; i += n) {
        for (n = 0; n < most && i + n < count && blocks[i + n]->number == blocks[i]->number + n;
             n++)
            memcpy(c->staging + n * c->block_size, blocks[i + n]->bytes, c->block_size);
        int error = fs_disk_bytes(c->disk, DISK_WRITE, blocks[i]->number * c->block_size,
                                  c->staging, n * c->block_size);
        if (error)
            return error;
        for (size_t k = 0; k < n; k++)
            set_clean(c, blocks[i + k]);
    }
    return 0;
}

static int
write_dirty(struct ext_cache *c, bool data, size_t count)
{
    struct ext_block **blocks = count ? kmalloc_raw(count * sizeof(struct ext_block *)) : NULL;

    if (!blocks)
        return count ? -ENOMEM : 0;
    list_dirty(c, data, blocks);
    int error = write_sorted(c, blocks, count);
    kfree(blocks);
    return error;
}

int
ext_cache_write_data(struct ext_cache *c)
{
    return write_dirty(c, true, c->nr_data);
}

int
ext_cache_write_meta(struct ext_cache *c)
{
    return write_dirty(c, false, c->nr_meta);
}

/* ---- the cache itself ---- */

int
ext_cache_open(struct ext_cache *c, struct disk_device *disk, uint32_t block_size, size_t limit)
{
    *c = (struct ext_cache){
        .disk = disk,
        .block_size = block_size,
        .blocks = disk->capacity * DISK_SECTOR / block_size,
        .limit = MAX(limit / block_size, (size_t)LIMIT_MIN),
        .next = UINT64_MAX,
    };
    list_init(&c->used);
    c->buckets = kmalloc(BUCKETS * sizeof(struct ext_block *));
    c->staging = pages_alloc_raw(EXT_STAGING / PAGE_SIZE);
    if (c->buckets && c->staging)
        return 0;
    ext_cache_close(c);
    return -ENOMEM;
}

void
ext_cache_close(struct ext_cache *c)
{
    while (!list_empty(&c->used))
        drop(c, container_of(c->used.next, struct ext_block, link));
    kfree(c->buckets);
    /* A device that was given up may not have let go: then the memory stays with it. */
    if (c->staging && !c->disk->broken)
        pages_free(c->staging, EXT_STAGING / PAGE_SIZE);
}

/*
 * Random requests with many in flight. A request that touches what a write in flight touches,
 * or writes what a request in flight touches, waits until that one is done: devices may serve
 * in any order, and the final disk must be known. Data is cut into parts at any byte.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "blktest.h"
#include "kernel/platform.h"

#define SLOTS       16
#define MAX_SECTORS 64
#define MAX_PARTS   8
#define PATIENCE    (120 * NSEC_PER_SEC)

struct slot {
    struct disk_request request;
    struct sg parts[MAX_PARTS];
    uint32_t op, sectors;
    bool busy, ended; /* ended: by the driver; busy until the books are kept */
    char data[MAX_SECTORS * DISK_SECTOR];
};

static struct slot slots[SLOTS];
static uint32_t *last_write; /* for each sector the operation that wrote it */
static uint32_t state;       /* of the generator of operations, which the test replays */
static struct wait_queue finished;
static unsigned counts[3], failures;

/* xorshift, Marsaglia's 13, 17, 5. */
static uint32_t
next_random(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state % below;
}

void
fill_sector(char *to, uint32_t op, uint32_t sector)
{
    uint32_t first = (op * 2654435761u ^ sector * 40503u) & 0x7fffffff;

    for (uint32_t i = 0; i < DISK_SECTOR / 4; i++) {
        uint32_t word = first + i;
        memcpy(to + 4 * i, &word, 4);
    }
}

static void
check_read(struct slot *s)
{
    char want[DISK_SECTOR];

    for (uint32_t i = 0; i < s->sectors; i++) {
        uint32_t sector = (uint32_t)s->request.sector + i;
        fill_sector(want, last_write[sector], sector);
        if (memcmp(want, s->data + i * DISK_SECTOR, DISK_SECTOR) == 0)
            continue;
        printf("operation %u: sector %u is not what operation %u wrote\n", (unsigned)s->op,
               (unsigned)sector, (unsigned)last_write[sector]);
        failures++;
        return;
    }
}

/* Called by the driver; the books are kept by the thread, in settle(). */
static void
done(struct disk_request *request)
{
    ((struct slot *)request->arg)->ended = true;
    wake_all(&finished);
}

static void
settle(void)
{
    for (struct slot *s = slots; s < slots + SLOTS; s++) {
        if (!s->busy || !s->ended)
            continue;
        s->busy = false;
        if (s->request.status) {
            printf("operation %u: error %d\n", (unsigned)s->op, s->request.status);
            failures++;
        } else if (s->request.op == DISK_READ) {
            check_read(s);
        }
    }
}

static bool
clashes(const struct slot *s, enum disk_op op, uint64_t sector, uint32_t sectors)
{
    if (!s->busy || (s->request.op == DISK_READ && op == DISK_READ))
        return false;
    return s->request.sector < sector + sectors && sector < s->request.sector + s->sectors;
}

/* A free slot, when nothing in flight is in the way; NULL after PATIENCE. */
static struct slot *
wait_for_slot(enum disk_op op, uint64_t sector, uint32_t sectors)
{
    uint64_t deadline = clock_now() + PATIENCE;

    while (clock_now() < deadline) {
        struct slot *empty = NULL;
        bool clash = false;
        settle();
        for (struct slot *s = slots; s < slots + SLOTS; s++) {
            clash |= clashes(s, op, sector, sectors);
            if (!s->busy)
                empty = s;
        }
        if (empty && !clash)
            return empty;
        wait_on(&finished, clock_now() + NSEC_PER_SEC);
    }
    return NULL;
}

/* The data in parts that end at any byte; not from the generator of operations, since how many
 * parts a device takes must not change what they are. */
static unsigned
cut(struct slot *s, uint32_t len, uint32_t most)
{
    uint32_t at = 0;
    unsigned n = 0;

    while (at < len) {
        uint32_t part = len - at;
        if (n + 1 < most && part > 1)
            part = 1 + (uint32_t)rand() % (part - 1);
        s->parts[n++] = (struct sg){s->data + at, part};
        at += part;
    }
    return n;
}

static bool
submit(struct disk_device *d, struct slot *s)
{
    uint64_t deadline = clock_now() + PATIENCE;
    int error;

    s->busy = true;
    s->ended = false;
    while ((error = d->submit(d, &s->request)) == -ENOSPC && clock_now() < deadline)
        wait_on(disk_space(d), clock_now() + NSEC_PER_SEC);
    if (error == 0)
        return true;
    printf("operation %u: not accepted: %d\n", (unsigned)s->op, error);
    s->busy = false;
    failures++;
    return false;
}

static bool
start(struct disk_device *d, uint32_t number)
{
    uint32_t dice = next_random(100);
    enum disk_op op = dice < 50 ? DISK_READ : dice < 97 ? DISK_WRITE : DISK_FLUSH;
    uint32_t within = d->block_size / DISK_SECTOR - 1;
    uint32_t sectors = (1 + next_random(next_random(4) ? 8 : MAX_SECTORS) + within) & ~within;
    uint32_t sector = next_random((uint32_t)d->capacity - sectors + 1) & ~within;
    if (op == DISK_FLUSH)
        sectors = sector = 0;

    struct slot *s = wait_for_slot(op, sector, sectors);
    if (!s) {
        puts("requests do not end");
        return false;
    }
    s->op = number;
    s->sectors = sectors;
    s->request = (struct disk_request){
        .op = op,
        .sector = sector,
        .parts = s->parts,
        .done = done,
        .arg = s,
        .nr_parts =
            cut(s, sectors * DISK_SECTOR, d->max_parts < MAX_PARTS ? d->max_parts : MAX_PARTS)};
    for (uint32_t i = 0; op == DISK_WRITE && i < sectors; i++) {
        fill_sector(s->data + i * DISK_SECTOR, number, sector + i);
        last_write[sector + i] = number;
    }
    counts[op]++;
    return submit(d, s);
}

int
random_requests(struct disk_device *d, uint32_t seed, uint32_t count)
{
    state = seed;
    wait_queue_init(&finished);
    last_write = calloc((size_t)d->capacity, sizeof(*last_write));
    if (!last_write || d->capacity < MAX_SECTORS) {
        puts("the disk does not suit");
        return 2;
    }
    for (uint32_t number = 1; number <= count && failures == 0; number++)
        if (!start(d, number))
            return 1;
    /* A write of the whole disk clashes with everything. */
    if (!wait_for_slot(DISK_WRITE, 0, (uint32_t)d->capacity)) {
        puts("requests do not end");
        return 1;
    }
    printf("random: %u reads, %u writes, %u flushes, %u failures\n", counts[DISK_READ],
           counts[DISK_WRITE], counts[DISK_FLUSH], failures);
    return failures > 0;
}

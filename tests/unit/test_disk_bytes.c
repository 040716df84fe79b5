/*
 * A disk as bytes (lib/fs/disk_bytes.c) on threads that really switch: the disk takes whole blocks
 * only and answers when it likes, and writers of one block meet in it.
 */
#include "kernel/device.h"
#include "lib/fs/fs.h"
#include "thread_bed.h"

#define BLOCK 4096u
#define BYTES (64 * BLOCK)

static unsigned char medium[BYTES], model[BYTES];
static struct list queue = LIST_INIT(queue);
static bool hold, newest_first;
static int status;
static unsigned submits, in_flight, most_in_flight, faults;

static void
answer(struct disk_request *r)
{
    unsigned char *at = medium + r->sector * DISK_SECTOR;

    for (unsigned i = 0; i < r->nr_parts; at += r->parts[i++].len)
        if (r->op == DISK_READ)
            memcpy(r->parts[i].base, at, r->parts[i].len);
        else if (!status)
            memcpy(at, r->parts[i].base, r->parts[i].len);
    in_flight--;
    r->status = status;
    r->done(r);
}

static void
serve(void *arg)
{
    (void)arg;
    while (!hold && !list_empty(&queue)) {
        struct list *at = newest_first ? queue.prev : queue.next;
        list_remove(at);
        answer(container_of(at, struct disk_request, link));
    }
}

static struct deferred service = {.run = serve};

/* Called by any thread, so what is wrong is counted. */
static int
submit(struct disk_device *d, struct disk_request *r)
{
    uint64_t bytes = sg_bytes(r->parts, r->nr_parts);

    faults += r->nr_parts == 0 || r->nr_parts > d->max_parts;
    for (unsigned i = 0; i < r->nr_parts; i++)
        faults += r->parts[i].len == 0 || r->parts[i].len > d->max_part;
    if (r->sector * DISK_SECTOR % d->block_size || bytes % d->block_size ||
        r->sector * DISK_SECTOR + bytes > BYTES) {
        faults++;
        return -EINVAL;
    }
    submits++;
    in_flight++;
    most_in_flight = MAX(most_in_flight, in_flight);
    list_append(&queue, &r->link);
    defer_mark(&service);
    return 0;
}

static struct disk_device disk, part;

static int
setup(void **state)
{
    (void)state;
    disk = (struct disk_device){.capacity = BYTES / DISK_SECTOR,
                                .block_size = BLOCK,
                                .max_parts = 8,
                                .max_part = BLOCK,
                                .submit = submit};
    wait_queue_init(&disk.space);
    for (unsigned i = 0; i < BYTES; i++)
        model[i] = medium[i] = (unsigned char)(i * 7 + (i >> 9) * 13);
    hold = newest_first = false;
    status = 0;
    submits = in_flight = most_in_flight = faults = 0;
    return 0;
}

/* A part of the disk that begins and ends within a block. */
static void
make_part(void)
{
    part = disk;
    part.whole = &disk;
    part.start = 3;
    part.capacity = disk.capacity - 8;
    part.submit = NULL;
}

static int
over(void **state)
{
    assert_int_equal(faults, 0);
    assert_int_equal(disk.writers, 0);
    assert_false(disk.patching);
    return all_over(state);
}

static int
get(struct disk_device *d, uint64_t at, void *to, size_t len)
{
    return fs_disk_bytes(d, DISK_READ, at, to, len);
}

static int
put(struct disk_device *d, uint64_t at, const void *from, size_t len)
{
    return fs_disk_bytes(d, DISK_WRITE, at, (void *)(uintptr_t)from, len);
}

/* ---- bytes ---- */

static void
agree_with_a_model(struct disk_device *d, unsigned seed)
{
    static unsigned char data[5 * BLOCK];
    unsigned char *base = model + d->start * DISK_SECTOR;
    size_t size = (size_t)d->capacity * DISK_SECTOR;

    for (int i = 0; i < 300; i++) {
        size_t at = (size_t)rand_r(&seed) % size;
        size_t len = (size_t)rand_r(&seed) % (i % 2 ? 700 : sizeof(data));
        len = MIN(len, size - at);
        if (i % 5 == 0)
            at &= ~(size_t)(BLOCK - 1);
        if (rand_r(&seed) % 2) {
            for (size_t k = 0; k < len; k++)
                data[k] = (unsigned char)rand_r(&seed);
            memcpy(base + at, data, len);
            assert_int_equal(put(d, at, data, len), 0);
        } else {
            memset(data, 0, len);
            assert_int_equal(get(d, at, data, len), 0);
            assert_memory_equal(data, base + at, len);
        }
    }
    assert_memory_equal(medium, model, BYTES);
}

static void
requests_cover_whole_blocks(void **state)
{
    static const struct {
        uint32_t block, max_parts, max_part;
    } shapes[] = {{512, 8, 512},   {1024, 2, 512},  {2048, 64, 1000}, {4096, 8, 512},
                  {4096, 8, 1000}, {4096, 1, 4096}, {4096, 3, 5000},  {4096, 64, 1u << 26}};

    for (unsigned i = 0; i < ARRAY_SIZE(shapes); i++) {
        setup(state);
        disk.block_size = shapes[i].block;
        disk.max_parts = shapes[i].max_parts;
        disk.max_part = shapes[i].max_part;
        agree_with_a_model(&disk, 1 + i);
        make_part();
        agree_with_a_model(&part, 100 + i);
        assert_int_equal(faults, 0);
    }
}

/* The block calls themselves take no part of a block, wherever a partition lies. */
static void
sectors_within_a_block_are_refused(void **state)
{
    static unsigned char data[2 * BLOCK];

    (void)state;
    make_part();
    part.submit = submit;
    assert_int_equal(disk_transfer(&disk, DISK_READ, 8, data, BLOCK), 0);
    assert_int_equal(disk_transfer(&disk, DISK_READ, 1, data, BLOCK), -EINVAL);
    assert_int_equal(disk_transfer(&disk, DISK_READ, 0, data, 512), -EINVAL);
    assert_int_equal(disk_transfer(&disk, DISK_WRITE, 8, data, BLOCK + 512), -EINVAL);
    assert_int_equal(disk_transfer(&part, DISK_READ, 0, data, BLOCK), -EINVAL);
    assert_int_equal(submits, 1);
}

static void
the_end_is_kept(void **state)
{
    unsigned char data[8] = {0};

    (void)state;
    make_part();
    size_t size = (size_t)part.capacity * DISK_SECTOR;
    assert_int_equal(put(&part, size - 8, data, 8), 0);
    assert_int_equal(put(&part, size - 7, data, 8), -EINVAL);
    assert_int_equal(put(&part, size, data, 0), 0);
    assert_int_equal(put(&part, UINT64_MAX, data, 0), 0);
    assert_int_equal(get(&disk, BYTES - 4, data, SIZE_MAX), -EINVAL);
    assert_int_equal(get(&disk, UINT64_MAX, data, 8), -EINVAL);
    assert_int_equal(get(&disk, UINT64_MAX - 6, data, 8), -EINVAL);
    assert_int_equal(submits, 2);
}

static void
failures_leave_nothing_behind(void **state)
{
    unsigned char data[8] = "failure";

    (void)state;
    status = -EIO;
    assert_int_equal(put(&disk, 5, data, 8), -EIO);
    assert_int_equal(submits, 1); /* what could not be read is not written */
    status = 0;
    shim_memory_fail_after(0);
    assert_int_equal(put(&disk, 5, data, 8), -ENOMEM);
    shim_memory_fail_after(-1);
    disk.read_only = true;
    assert_int_equal(put(&disk, 5, data, 8), -EROFS);
    assert_int_equal(submits, 1);
    disk.read_only = false;
    assert_memory_equal(medium, model, BYTES);
    assert_int_equal(put(&disk, 5, data, 8), 0);
    assert_memory_equal(medium + 5, data, 8);
}

/* ---- writers who meet ---- */

static unsigned over_and_out;

/* A hundred bytes of block 1, each letter its own. */
static void
write_part(void *letter)
{
    unsigned char data[100];

    memset(data, *(const char *)letter, sizeof(data));
    faults += put(&disk, BLOCK + (*(const char *)letter - 'a') * 100u, data, sizeof(data)) != 0;
    over_and_out++;
}

/* Blocks 1 and 2. */
static void
write_whole(void *letter)
{
    static unsigned char data[2 * BLOCK];

    memset(data, *(const char *)letter, sizeof(data));
    faults += put(&disk, BLOCK, data, sizeof(data)) != 0;
    over_and_out++;
}

static void
until(unsigned n)
{
    for (int i = 0; over_and_out < n && i < 1000; i++)
        thread_yield();
    assert_int_equal(over_and_out, n);
    over_and_out = 0;
}

static void
writers_of_one_block_lose_nothing(void **state)
{
    static const char *const letters[] = {"a", "b", "c", "d", "e", "f", "g", "h"};

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(letters); i++) {
        start(write_part, (char *)(uintptr_t)letters[i]);
        memset(model + BLOCK + i * 100, 'a' + (int)i, 100);
    }
    until(ARRAY_SIZE(letters));
    assert_memory_equal(medium, model, BYTES);
}

/* Who writes a part does not bring back what was there before a writer of the whole, whichever
 * comes first and whatever the disk does first. */
static void
a_part_does_not_undo_the_whole(void **state)
{
    for (unsigned round = 0; round < 4; round++) {
        setup(state);
        newest_first = round & 1;
        hold = true;
        start(round & 2 ? write_part : write_whole, "a");
        start(round & 2 ? write_whole : write_part, "a");
        thread_yield();
        thread_yield();
        hold = false;
        defer_mark(&service);
        until(2);
        memset(model + BLOCK, 'a', 2 * BLOCK);
        assert_memory_equal(medium, model, BYTES);
    }
}

static void
writers_of_whole_blocks_do_not_wait(void **state)
{
    (void)state;
    hold = true;
    start(write_whole, "a");
    start(write_whole, "a");
    thread_yield();
    thread_yield();
    assert_int_equal(in_flight, 2);
    hold = false;
    defer_mark(&service);
    until(2);
}

/* There are always some, and who wants to write a part still comes to it. */
static void
write_whole_on_and_on(void *letter)
{
    for (int i = 0; i < 100 && !strchr(trail, 'p'); i++)
        write_whole(letter);
    mark('w');
}

static void
write_part_at_last(void *letter)
{
    write_part(letter);
    mark('p');
}

static void
a_part_gets_its_turn(void **state)
{
    (void)state;
    newest_first = true;
    start(write_whole_on_and_on, "w");
    start(write_whole_on_and_on, "w");
    start(write_part_at_last, "a");
    for (int i = 0; strlen(trail) < 3 && i < 1000; i++)
        thread_yield();
    over_and_out = 0;
    assert_int_equal(trail[0], 'p');
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, over)

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(requests_cover_whole_blocks),
        TEST(sectors_within_a_block_are_refused),
        TEST(the_end_is_kept),
        TEST(failures_leave_nothing_behind),
        TEST(writers_of_one_block_lose_nothing),
        TEST(a_part_does_not_undo_the_whole),
        TEST(writers_of_whole_blocks_do_not_wait),
        TEST(a_part_gets_its_turn),
    };

    return bed_run(tests, ARRAY_SIZE(tests));
}

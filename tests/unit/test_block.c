/*
 * The virtio block device, its requests and the synchronous calls above them, against the
 * model: bytes of the chains are looked at, and each accepted request is counted until its
 * one done() (checklist rows 3, 9, 30, 31, 51 to 57, 60, 61).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "drivers/virtio/block.h"
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "model/model.h"
#include "shim.h"
#include "slip.h"

#define BIT(n)   (UINT64_C(1) << (n))
#define SECTORS  2048u
#define SECONDS  NSEC_PER_SEC
#define TIMEOUT  (30 * SECONDS)
#define FEATURES (BIT(VIRTIO_BLK_F_FLUSH) | BIT(VIRTIO_BLK_F_SEG_MAX))

/* ---- the device's side ---- */

static uint8_t medium[SECTORS * 512];
static char serial[VIRTIO_BLK_ID_LEN];
static int answer;    /* status for reads, writes and flushes */
static int id_answer; /* for GET_ID */
static unsigned cut;  /* bytes that the used length of a read misses */
static unsigned asked[16];
static unsigned most_parts, longest_part;

/* The status byte: the last writable one, alone in its part. */
static uint8_t *
status_of(const struct model_chain *c)
{
    const struct model_part *last = &c->parts[c->nr_out + c->nr_in - 1];

    assert_true(c->nr_in >= 1);
    assert_int_equal(last->len, 1);
    return last->base;
}

static struct virtio_blk_req_hdr
header_of(const struct model_chain *c)
{
    struct virtio_blk_req_hdr h;

    assert_int_equal(model_read(c, 0, &h, sizeof(h)), sizeof(h));
    assert_int_equal(h.reserved, 0);
    return h;
}

static void
note_parts(const struct model_chain *c)
{
    unsigned data = c->nr_out + c->nr_in - 2;

    most_parts = MAX(most_parts, data);
    for (unsigned i = 1; i <= data; i++)
        longest_part = MAX(longest_part, c->parts[i].len);
}

/* Carry out one request; bytes written. */
static uint32_t
execute(const struct model_chain *c)
{
    struct virtio_blk_req_hdr h = header_of(c);
    size_t in = model_writable(c) - 1, out = model_readable(c) - sizeof(h);
    uint8_t *status = status_of(c);

    assert_int_equal(*status, 0xff);
    assert_true(h.type < 16);
    asked[h.type]++;
    note_parts(c);
    *status = (uint8_t)(h.type == VIRTIO_BLK_T_GET_ID ? id_answer : answer);
    if (*status != VIRTIO_BLK_S_OK)
        return 1;
    switch (h.type) {
    case VIRTIO_BLK_T_IN:
        assert_int_equal(out, 0);
        assert_true(h.sector * 512 + in <= sizeof(medium));
        model_write(c, 0, medium + h.sector * 512, in);
        return (uint32_t)in + 1 - cut;
    case VIRTIO_BLK_T_OUT:
        assert_int_equal(in, 0);
        assert_true(h.sector * 512 + out <= sizeof(medium));
        model_read(c, sizeof(h), medium + h.sector * 512, out);
        return 1;
    case VIRTIO_BLK_T_FLUSH:
        assert_int_equal(in + out, 0);
        assert_int_equal(h.sector, 0);
        return 1;
    case VIRTIO_BLK_T_GET_ID:
        assert_int_equal(in, VIRTIO_BLK_ID_LEN);
        model_write(c, 0, serial, sizeof(serial));
        return VIRTIO_BLK_ID_LEN + 1;
    }
    fail_msg("a request of type %u", h.type);
    return 0;
}

static bool hold; /* the device takes nothing by itself */
static struct model_lies lies;

static void
serve(struct model *m, unsigned queue, void *arg)
{
    struct model_chain c;

    (void)arg;
    while (!hold && model_pop(m, queue, &c))
        model_push(m, queue, c.head, execute(&c));
}

static int
setup(void **state)
{
    (void)state;
    model_machine_reset();
    shim_log_clear();
    for (size_t i = 0; i < sizeof(medium); i++)
        medium[i] = (uint8_t)(i ^ i >> 9);
    memset(serial, 0, sizeof(serial));
    memset(asked, 0, sizeof(asked));
    answer = id_answer = VIRTIO_BLK_S_OK;
    cut = most_parts = longest_part = 0;
    hold = false;
    lies = (struct model_lies){0};
    return 0;
}

static const struct virtio_blk_config usual = {.capacity = SECTORS, .seg_max = 62};

static struct model *
plug_on(enum model_bus bus, uint64_t features, const struct virtio_blk_config *config,
        uint16_t queue_size)
{
    struct model *m = model_new(&(struct model_setup){
        .bus = bus,
        .type = VIRTIO_ID_BLOCK,
        .features = features,
        .config = config,
        .config_len = sizeof(*config),
        .nr_queues = 1,
        .queue_size = {queue_size},
        .lies = lies,
        .serve = serve,
    });
    platform->discover();
    model_run();
    return m;
}

static struct model *
plug(uint64_t features, const struct virtio_blk_config *config)
{
    return plug_on(MODEL_PCI_MODERN, features, config, 0);
}

static struct virtio_block *
block(void)
{
    return virtio_device_next(NULL)->driver_data;
}

static struct disk_device *
disk(void)
{
    return &block()->dev;
}

/* ---- requests of the tests ---- */

struct order {
    struct disk_request request;
    struct sg part;
    uint8_t *data;
    unsigned done;
};

static unsigned all_done;

static void
order_done(struct disk_request *r)
{
    struct order *o = r->arg;

    o->done++;
    all_done++;
}

static int
submit(struct order *o, enum disk_op op, uint64_t sector, size_t len)
{
    memset(o, 0, sizeof(*o));
    o->data = len ? malloc(len) : NULL;
    if (len)
        memset(o->data, 0x5a, len);
    o->part = (struct sg){o->data, (uint32_t)len};
    o->request = (struct disk_request){
        .op = op,
        .sector = sector,
        .parts = &o->part,
        .nr_parts = len ? 1 : 0,
        .done = order_done,
        .arg = o,
        .status = 1,
    };
    return disk()->submit(disk(), &o->request);
}

static void
drop(struct order *o)
{
    free(o->data);
    o->data = NULL;
}

/* ---- data ---- */

static void
random_transfers_agree_with_a_model_of_the_disk(void **state)
{
    static uint8_t model[sizeof(medium)], buffer[300 * 512 + 1];
    unsigned seed = 1;

    (void)state;
    plug(FEATURES, &usual);
    memcpy(model, medium, sizeof(model));
    for (int i = 0; i < 300; i++) {
        size_t sectors = (size_t)rand_r(&seed) % 300;
        uint64_t at = (uint64_t)rand_r(&seed) % (SECTORS - sectors + 1);
        uint8_t *data = buffer + rand_r(&seed) % 2;
        if (rand_r(&seed) % 2) {
            for (size_t k = 0; k < sectors * 512; k++)
                data[k] = (uint8_t)rand_r(&seed);
            memcpy(model + at * 512, data, sectors * 512);
            assert_int_equal(disk_write(disk(), at, data, sectors * 512), 0);
        } else {
            memset(data, 0, sectors * 512);
            assert_int_equal(disk_read(disk(), at, data, sectors * 512), 0);
            assert_memory_equal(data, model + at * 512, sectors * 512);
        }
    }
    assert_memory_equal(medium, model, sizeof(model));
    assert_int_equal(disk()->counters.errors, 0);
    model_assert_clean();
}

static void
a_chain_is_header_data_status(void **state)
{
    struct model_chain c;
    struct model *m;
    struct order o;

    (void)state;
    m = plug(FEATURES, &usual);
    hold = true;
    assert_int_equal(submit(&o, DISK_WRITE, 0x123, 1024), 0);
    assert_true(model_pop(m, 0, &c));
    assert_int_equal(c.nr_out, 2);
    assert_int_equal(c.nr_in, 1);
    assert_memory_equal(c.parts[0].base, "\1\0\0\0\0\0\0\0\x23\1\0\0\0\0\0\0", 16);
    assert_int_equal(c.parts[0].len, 16);
    assert_ptr_equal(c.parts[1].base, o.data);
    assert_int_equal(c.parts[1].len, 1024);
    assert_int_equal(*status_of(&c), 0xff);
    *status_of(&c) = 0;
    model_push(m, 0, c.head, 1);
    model_run();
    assert_int_equal(o.done, 1);
    assert_int_equal(o.request.status, 0);
    drop(&o);

    /* The same slot again: nothing of the last answer is left in it. */
    assert_int_equal(submit(&o, DISK_READ, 0, 512), 0);
    assert_true(model_pop(m, 0, &c));
    assert_int_equal(c.nr_out, 1);
    assert_int_equal(c.nr_in, 2);
    assert_int_equal(*status_of(&c), 0xff);
    model_push(m, 0, c.head, execute(&c));
    model_run();
    assert_memory_equal(o.data, medium, 512);
    drop(&o);
    model_assert_clean();
}

static void
answers_in_any_order(void **state)
{
    enum { N = 16 };
    struct model_chain c[N];
    struct order o[N];
    struct model *m;

    (void)state;
    m = plug(FEATURES, &usual);
    hold = true;
    all_done = 0;
    for (unsigned i = 0; i < N; i++)
        assert_int_equal(submit(&o[i], DISK_READ, i, 512), 0);
    for (unsigned i = 0; i < N; i++)
        assert_true(model_pop(m, 0, &c[i]));
    for (unsigned i = N; i-- > 0;) {
        model_push(m, 0, c[i].head, execute(&c[i]));
        model_run();
        assert_int_equal(o[i].done, 1);
    }
    assert_int_equal(all_done, N);
    for (unsigned i = 0; i < N; i++) {
        assert_int_equal(o[i].done, 1);
        assert_memory_equal(o[i].data, medium + i * 512, 512);
        drop(&o[i]);
    }
    model_assert_clean();
}

static struct model *slip_model;
static struct model_chain slip_chain;

static void
answer_quietly(void)
{
    model_push_quietly(slip_model, 0, slip_chain.head, execute(&slip_chain));
}

static void
an_answer_that_slips_in_is_found(void **state)
{
    struct model_chain c;
    struct order o[2];

    (void)state;
    slip_model = plug(FEATURES, &usual);
    hold = true;
    assert_int_equal(submit(&o[0], DISK_READ, 0, 512), 0);
    assert_int_equal(submit(&o[1], DISK_READ, 1, 512), 0);
    assert_true(model_pop(slip_model, 0, &c));
    assert_true(model_pop(slip_model, 0, &slip_chain));
    slip(block()->queue, answer_quietly);
    model_push(slip_model, 0, c.head, execute(&c));
    model_run();
    assert_int_equal(o[0].done, 1);
    assert_int_equal(o[1].done, 1);
    drop(&o[0]);
    drop(&o[1]);
}

/* ---- status ---- */

static void
status_bytes_are_told_apart(void **state)
{
    static const struct {
        int status, error;
    } cases[] = {{VIRTIO_BLK_S_OK, 0},
                 {VIRTIO_BLK_S_IOERR, -EIO},
                 {VIRTIO_BLK_S_UNSUPP, -ENOTSUP},
                 {3, -EIO},
                 {0x80, -EIO},
                 {0xff, -EIO}};
    uint8_t data[512];

    (void)state;
    plug(FEATURES, &usual);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        answer = cases[i].status;
        assert_int_equal(disk_read(disk(), 0, data, sizeof(data)), cases[i].error);
        assert_int_equal(disk_write(disk(), 0, data, sizeof(data)), cases[i].error);
        assert_int_equal(disk_flush(disk()), cases[i].error);
    }
    assert_int_equal(disk()->counters.errors, 15);
    assert_int_equal(shim_log_lines(LOG_WARN), 1);
}

static void
a_short_read_is_an_error_on_a_modern_device(void **state)
{
    uint8_t data[1024];

    (void)state;
    plug(FEATURES, &usual);
    cut = 1;
    assert_int_equal(disk_read(disk(), 0, data, sizeof(data)), -EIO);
    cut = 0;
    assert_int_equal(disk_read(disk(), 0, data, sizeof(data)), 0);
}

static void
a_legacy_device_may_say_any_length(void **state)
{
    uint8_t data[1024];

    (void)state;
    plug_on(MODEL_PCI_LEGACY, FEATURES, &usual, 0);
    cut = 1025;
    assert_int_equal(disk_read(disk(), 7, data, sizeof(data)), 0);
    assert_memory_equal(data, medium + 7 * 512, sizeof(data));
    model_assert_clean();
}

/* ---- what is refused ---- */

static void
the_range_is_checked_without_overflow(void **state)
{
    static const struct {
        uint64_t sector;
        size_t sectors;
        int error;
    } cases[] = {
        {0, 1, 0},
        {SECTORS - 1, 1, 0},
        {SECTORS - 1, 2, -EINVAL},
        {SECTORS, 1, -EINVAL},
        {SECTORS + 1, 1, -EINVAL},
        {UINT64_MAX, 1, -EINVAL},
        {UINT64_MAX - 1, 2, -EINVAL},
        {UINT64_MAX / 512, 1, -EINVAL},
        {UINT32_MAX, 1, -EINVAL},
        {UINT64_C(1) << 32, 1, -EINVAL},
        {(UINT64_C(1) << 55) + 1, 1, -EINVAL},
    };
    uint8_t data[1024];
    struct order o;

    (void)state;
    plug(FEATURES, &usual);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        unsigned before = asked[VIRTIO_BLK_T_IN];
        int error = disk_read(disk(), cases[i].sector, data, cases[i].sectors * 512);
        assert_int_equal(error, cases[i].error);
        assert_int_equal(asked[VIRTIO_BLK_T_IN] - before, error ? 0 : 1);
        error = submit(&o, DISK_READ, cases[i].sector, cases[i].sectors * 512);
        assert_int_equal(error, cases[i].error);
        model_run();
        drop(&o);
    }
    model_assert_clean();
}

static void
sectors_are_512_bytes_whatever_the_block_size(void **state)
{
    const struct virtio_blk_config config = {.capacity = SECTORS, .blk_size = 4096};
    const struct virtio_blk_config odd = {.capacity = SECTORS, .blk_size = 3000};
    uint8_t data[512];
    struct order o;

    (void)state;
    plug(BIT(VIRTIO_BLK_F_BLK_SIZE), &config);
    assert_int_equal(disk()->block_size, 4096);
    assert_int_equal(disk_read(disk(), SECTORS - 1, data, sizeof(data)), 0);
    assert_memory_equal(data, medium + (SECTORS - 1) * 512, sizeof(data));
    assert_int_equal(disk_read(disk(), SECTORS, data, sizeof(data)), -EINVAL);
    assert_int_equal(submit(&o, DISK_READ, SECTORS, 512), -EINVAL);
    drop(&o);

    model_machine_reset();
    plug(BIT(VIRTIO_BLK_F_BLK_SIZE), &odd);
    assert_int_equal(disk()->block_size, 512);
}

static void
malformed_requests_are_refused(void **state)
{
    uint8_t data[1024];
    struct sg parts[] = {{data, 512}, {data + 512, 0}, {data + 512, 100}};
    struct disk_request r = {.op = DISK_READ, .parts = parts, .done = order_done};

    (void)state;
    plug(FEATURES, &usual);
    hold = true;
    for (r.nr_parts = 0; r.nr_parts <= 3; r.nr_parts++)
        if (r.nr_parts != 1)
            assert_int_equal(disk()->submit(disk(), &r), -EINVAL);
    r.nr_parts = DISK_MAX_PARTS + 1;
    assert_int_equal(disk()->submit(disk(), &r), -EINVAL);
    r.op = DISK_FLUSH;
    r.nr_parts = 1;
    assert_int_equal(disk()->submit(disk(), &r), -EINVAL);
    assert_int_equal(disk_read(disk(), 0, data, 511), -EINVAL);
    assert_int_equal(disk_read(disk(), 0, data, 0), 0);
}

static void
flush_only_if_negotiated(void **state)
{
    (void)state;
    plug(0, &usual);
    assert_false(disk()->can_flush);
    assert_int_equal(disk_flush(disk()), -ENOTSUP);
    assert_int_equal(asked[VIRTIO_BLK_T_FLUSH], 0);

    model_machine_reset();
    plug(FEATURES, &usual);
    assert_true(disk()->can_flush);
    assert_int_equal(disk_flush(disk()), 0);
    assert_int_equal(asked[VIRTIO_BLK_T_FLUSH], 1);
    model_assert_clean();
}

static void
a_read_only_disk_is_never_written(void **state)
{
    uint8_t data[512] = {0};
    struct order o;

    (void)state;
    plug(FEATURES | BIT(VIRTIO_BLK_F_RO), &usual);
    assert_true(disk()->read_only);
    assert_int_equal(disk_write(disk(), 0, data, sizeof(data)), -EROFS);
    assert_int_equal(submit(&o, DISK_WRITE, 0, 512), -EROFS);
    drop(&o);
    assert_int_equal(asked[VIRTIO_BLK_T_OUT], 0);
    assert_int_equal(disk_read(disk(), 0, data, sizeof(data)), 0);
    model_assert_clean();
}

/* ---- limits ---- */

static void
limits_of_the_device_are_kept(void **state)
{
    static const struct {
        uint32_t seg_max, size_max;
        uint16_t queue;
    } cases[] = {{1, 512, 64},   {1, 4096, 64},  {2, 1000, 64}, {62, 1536, 64},
                 {0, 70000, 64}, {254, 4096, 4}, {254, 512, 8}, {3, 513, 256}};
    static uint8_t data[100 * 512];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct virtio_blk_config config = {
            .capacity = SECTORS, .seg_max = cases[i].seg_max, .size_max = cases[i].size_max};
        model_machine_reset();
        most_parts = longest_part = 0;
        plug_on(MODEL_PCI_MODERN, FEATURES | BIT(VIRTIO_BLK_F_SIZE_MAX), &config,
                cases[i].queue);
        memset(data, 0, sizeof(data));
        assert_int_equal(disk_read(disk(), 3, data, sizeof(data)), 0);
        assert_memory_equal(data, medium + 3 * 512, sizeof(data));
        assert_true(most_parts <= MAX(cases[i].seg_max, 1u));
        assert_true(most_parts + 2 <= cases[i].queue);
        assert_true(longest_part <= cases[i].size_max);
        model_assert_clean();
    }
}

static void
a_disk_that_holds_no_sector_is_refused(void **state)
{
    const struct virtio_blk_config narrow = {.capacity = SECTORS, .size_max = 511};
    struct model *m;

    (void)state;
    m = plug(BIT(VIRTIO_BLK_F_SIZE_MAX), &narrow);
    assert_true(model_status(m) & VIRTIO_STATUS_FAILED);
    assert_true(shim_log_has("no sector fits"));
    model_machine_reset();
    m = plug_on(MODEL_PCI_MODERN, 0, &usual, 2);
    assert_true(model_status(m) & VIRTIO_STATUS_FAILED);
    model_assert_clean();
}

static void
a_full_ring_says_so_and_wakes_later(void **state)
{
    enum { N = 300 };
    static struct order o[N];
    struct model *m;
    unsigned n = 0;

    (void)state;
    m = plug_on(MODEL_PCI_MODERN, FEATURES, &usual, 8);
    hold = true;
    all_done = 0;
    while (n < N && submit(&o[n], DISK_READ, n, 512) == 0)
        n++;
    assert_true(n > 0 && n < N);
    drop(&o[n]);
    hold = false;
    serve(m, 0, NULL);
    assert_int_equal(wait_on(&disk()->space, clock_now() + SECONDS), 0);
    assert_int_equal(all_done, n);
    while (n-- > 0)
        drop(&o[n]);
    model_assert_clean();
}

/* More chunks than a small ring holds, from the synchronous call. */
static void
a_large_transfer_through_a_small_ring(void **state)
{
    static uint8_t data[sizeof(medium)];

    (void)state;
    plug_on(MODEL_PCI_LEGACY, FEATURES, &usual, 4);
    assert_int_equal(disk_read(disk(), 0, data, sizeof(data)), 0);
    assert_memory_equal(data, medium, sizeof(data));
    assert_true(asked[VIRTIO_BLK_T_IN] > 4);
    model_assert_clean();
}

/* ---- serial ---- */

static void
a_serial_of_20_characters_needs_no_terminator(void **state)
{
    (void)state;
    memcpy(serial, "ABCDEFGHIJKLMNOPQRST", 20);
    plug(FEATURES, &usual);
    assert_string_equal(disk()->serial, "ABCDEFGHIJKLMNOPQRST");
    assert_int_equal(asked[VIRTIO_BLK_T_GET_ID], 1);

    model_machine_reset();
    memset(serial, 0, sizeof(serial));
    memcpy(serial, "short", 5);
    plug(FEATURES, &usual);
    assert_string_equal(disk()->serial, "short");

    model_machine_reset();
    memcpy(serial, "bad\nline", 8);
    plug(FEATURES, &usual);
    assert_string_equal(disk()->serial, "bad");

    model_machine_reset();
    id_answer = VIRTIO_BLK_S_UNSUPP;
    plug(FEATURES, &usual);
    assert_string_equal(disk()->serial, "");
    assert_int_equal(disk()->counters.errors, 0);
}

static void
a_transport_may_forbid_get_id(void **state)
{
    struct virtio_transport without;
    struct virtio_device *v;

    (void)state;
    plug(FEATURES, &usual);
    assert_int_equal(asked[VIRTIO_BLK_T_GET_ID], 1);
    v = virtio_device_next(NULL);
    without = *v->transport;
    without.no_get_id = true;
    v->transport = &without;
    block()->registered = false;
    v->driver->started(v);
    model_run();
    assert_int_equal(asked[VIRTIO_BLK_T_GET_ID], 1);
}

/* ---- configuration ---- */

static void
a_resize_is_noticed(void **state)
{
    const uint64_t larger = UINT64_C(0x123456789a);
    uint8_t data[512];
    struct model *m;

    (void)state;
    m = plug(FEATURES, &usual);
    assert_int_equal(disk()->capacity, SECTORS);
    model_config_set(m, 0, &larger, sizeof(larger));
    model_run();
    assert_int_equal(disk()->capacity, larger);
    assert_true(shim_log_has("now 78187493530 sectors"));
    model_config_set(m, 0, &(uint64_t){8}, 8);
    model_run();
    assert_int_equal(disk_read(disk(), 8, data, sizeof(data)), -EINVAL);
    model_assert_clean();
}

/* ---- time-outs and resets ---- */

static void
silence_costs_a_reset_and_a_clear_error(void **state)
{
    struct order late, young;
    struct model *m;

    (void)state;
    m = plug(FEATURES, &usual);
    hold = true;
    assert_int_equal(submit(&late, DISK_READ, 1, 512), 0);
    shim_clock_advance(TIMEOUT / 2);
    assert_int_equal(submit(&young, DISK_READ, 2, 512), 0);
    shim_clock_advance(TIMEOUT / 2 - SECONDS);
    model_run();
    assert_int_equal(late.done, 0);
    shim_clock_advance(2 * SECONDS);
    model_run();
    assert_int_equal(late.done, 1);
    assert_int_equal(late.request.status, -ETIMEDOUT);
    assert_int_equal(young.done, 0);
    assert_int_equal(model_resets(m), 2);
    assert_int_equal(disk()->counters.timeouts, 1);
    assert_false(disk()->broken);

    /* The young one is on the new ring, and gets its answer there. */
    hold = false;
    serve(m, 0, NULL);
    model_run();
    assert_int_equal(young.done, 1);
    assert_int_equal(young.request.status, 0);
    assert_memory_equal(young.data, medium + 2 * 512, 512);
    drop(&late);
    drop(&young);
    model_assert_clean();
}

static void
the_time_a_request_may_take_can_be_set(void **state)
{
    uint8_t data[512];
    uint64_t begin;

    (void)state;
    plug(FEATURES, &usual);
    hold = true;
    disk()->timeout = SECONDS;
    begin = clock_now();
    assert_int_equal(disk_read(disk(), 0, data, sizeof(data)), -ETIMEDOUT);
    assert_true(clock_now() - begin < 2 * SECONDS);
    hold = false;
    assert_int_equal(disk_read(disk(), 0, data, sizeof(data)), 0);
}

static void
a_late_answer_hits_memory_that_is_still_there(void **state)
{
    struct model_chain c;
    uint8_t data[512];
    struct model *m;
    struct order o;

    (void)state;
    m = plug(FEATURES, &usual);
    hold = true;
    assert_int_equal(submit(&o, DISK_WRITE, 1, 512), 0);
    assert_true(model_pop(m, 0, &c));
    shim_clock_advance(TIMEOUT + SECONDS);
    model_run();
    assert_int_equal(o.request.status, -ETIMEDOUT);
    drop(&o);
    /* The header may still be read and the status written: the sanitizer watches both. */
    assert_int_equal(header_of(&c).type, VIRTIO_BLK_T_OUT);
    *status_of(&c) = VIRTIO_BLK_S_OK;
    hold = false;
    assert_int_equal(disk_read(disk(), 0, data, sizeof(data)), 0);
    assert_int_equal(o.done, 1);
}

static void
a_device_that_asks_for_a_reset_loses_no_request(void **state)
{
    enum { N = 5 };
    struct order o[N];
    struct model *m;

    (void)state;
    m = plug(FEATURES, &usual);
    hold = true;
    for (unsigned i = 0; i < N; i++)
        assert_int_equal(submit(&o[i], i % 2 ? DISK_WRITE : DISK_READ, i, 512), 0);
    model_needs_reset(m);
    model_run();
    assert_int_equal(model_resets(m), 2);
    hold = false;
    serve(m, 0, NULL);
    model_run();
    for (unsigned i = 0; i < N; i++) {
        assert_int_equal(o[i].done, 1);
        assert_int_equal(o[i].request.status, 0);
        drop(&o[i]);
    }
    model_assert_clean();
}

static void
expect_the_end(struct order *o)
{
    uint8_t data[512];

    for (int i = 0; i < 100 && !o->done; i++) {
        shim_clock_advance(SECONDS);
        model_run();
    }
    assert_int_equal(o->done, 1);
    assert_true(o->request.status == -EIO || o->request.status == -ETIMEDOUT);
    assert_int_equal(disk_read(disk(), 0, data, sizeof(data)), -EIO);
    drop(o);
}

static void
a_device_that_never_finishes_its_reset(void **state)
{
    struct model *m;
    struct order o;

    (void)state;
    m = plug(FEATURES, &usual);
    hold = true;
    assert_int_equal(submit(&o, DISK_WRITE, 1, 512), 0);
    model_lie(m, &(struct model_lies){.reset_ns = MODEL_NEVER});
    expect_the_end(&o);
    assert_true(disk()->broken);
}

static void
a_device_that_does_not_come_up_again(void **state)
{
    struct model *m;
    struct order o;

    (void)state;
    m = plug(FEATURES, &usual);
    hold = true;
    assert_int_equal(submit(&o, DISK_WRITE, 1, 512), 0);
    model_lie(m, &(struct model_lies){.refuse = ~UINT64_C(0)});
    expect_the_end(&o);
}

static void
a_lying_device_breaks_its_disk_and_nothing_else(void **state)
{
    struct model *m;
    struct order o;

    (void)state;
    m = plug(FEATURES, &usual);
    hold = true;
    assert_int_equal(submit(&o, DISK_READ, 1, 512), 0);
    model_push(m, 0, 4711, 0);
    expect_the_end(&o);
    assert_true(disk()->broken);
    assert_int_equal(model_resets(m), 2);
}

static void
interrupts_without_a_reason_change_nothing(void **state)
{
    static const enum model_bus buses[] = {MODEL_PCI_LEGACY, MODEL_PCI_MODERN};
    static uint8_t data[sizeof(medium)];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(buses); i++) {
        model_machine_reset();
        lies.spurious = true;
        struct model *m = plug_on(buses[i], FEATURES, &usual, 0);
        memset(data, 0, sizeof(data));
        assert_int_equal(disk_read(disk(), 0, data, sizeof(data)), 0);
        assert_memory_equal(data, medium, sizeof(data));
        model_needs_reset(m);
        model_run();
        assert_int_equal(disk_read(disk(), 0, data, sizeof(data)), 0);
        assert_int_equal(disk()->counters.errors, 0);
    }
}

/* Answers right, wrong, late and never, resets in between: the books must balance. */
static void
every_accepted_request_ends_exactly_once(void **state)
{
    enum { N = 400 };
    static struct order o[N];
    unsigned accepted = 0, seed = 3;
    struct model_chain c;
    struct model *m;

    (void)state;
    m = plug_on(MODEL_PCI_MODERN, FEATURES, &usual, 16);
    hold = true;
    all_done = 0;
    for (unsigned i = 0; i < N; i++) {
        answer = rand_r(&seed) % 4;
        if (submit(&o[i], rand_r(&seed) % 2, i, 512) == 0)
            accepted++;
        if (rand_r(&seed) % 3 == 0 && model_pop(m, 0, &c))
            model_push(m, 0, c.head, execute(&c));
        if (i % 50 == 49)
            shim_clock_advance(rand_r(&seed) % 2 ? TIMEOUT : TIMEOUT / 3);
        model_run();
    }
    hold = false;
    serve(m, 0, NULL);
    model_run();
    assert_true(accepted > N / 8);
    assert_int_equal(all_done, accepted);
    for (unsigned i = 0; i < N; i++) {
        assert_true(o[i].done <= 1);
        drop(&o[i]);
    }
    assert_true(list_empty(&block()->requests));
    model_assert_clean();
}

/* ---- the class, and bring-up that fails ---- */

static void
disks_are_found_by_name(void **state)
{
    struct disk_device *d = NULL, *last = NULL;
    unsigned n = 0;

    (void)state;
    plug(FEATURES, &usual);
    while ((d = disk_next(d))) {
        assert_ptr_equal(disk_find(d->name), d);
        last = d;
        n++;
    }
    assert_ptr_equal(last, disk());
    assert_string_equal(disk_next(NULL)->name, "vda");
    assert_null(disk_find("vdzz"));
    assert_true(n > 20);
}

static void
one_without_memory_is_refused(void **state)
{
    (void)state;
    for (int n = 0; n < 8; n++) {
        uint8_t data[512];
        model_machine_reset();
        shim_memory_fail_after(n);
        struct model *m = plug(FEATURES, &usual);
        shim_memory_fail_after(-1);
        /* Without memory for it the bus does not even report the device. */
        if (!virtio_device_next(NULL))
            continue;
        bool up = model_status(m) & VIRTIO_STATUS_DRIVER_OK;
        assert_int_equal(!!(model_status(m) & VIRTIO_STATUS_FAILED), !up);
        if (up)
            assert_int_equal(disk_read(disk(), 0, data, sizeof(data)), 0);
        model_assert_clean();
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(random_transfers_agree_with_a_model_of_the_disk, setup),
        cmocka_unit_test_setup(a_chain_is_header_data_status, setup),
        cmocka_unit_test_setup(answers_in_any_order, setup),
        cmocka_unit_test_setup(an_answer_that_slips_in_is_found, setup),
        cmocka_unit_test_setup(status_bytes_are_told_apart, setup),
        cmocka_unit_test_setup(a_short_read_is_an_error_on_a_modern_device, setup),
        cmocka_unit_test_setup(a_legacy_device_may_say_any_length, setup),
        cmocka_unit_test_setup(the_range_is_checked_without_overflow, setup),
        cmocka_unit_test_setup(sectors_are_512_bytes_whatever_the_block_size, setup),
        cmocka_unit_test_setup(malformed_requests_are_refused, setup),
        cmocka_unit_test_setup(flush_only_if_negotiated, setup),
        cmocka_unit_test_setup(a_read_only_disk_is_never_written, setup),
        cmocka_unit_test_setup(limits_of_the_device_are_kept, setup),
        cmocka_unit_test_setup(a_disk_that_holds_no_sector_is_refused, setup),
        cmocka_unit_test_setup(a_full_ring_says_so_and_wakes_later, setup),
        cmocka_unit_test_setup(a_large_transfer_through_a_small_ring, setup),
        cmocka_unit_test_setup(a_serial_of_20_characters_needs_no_terminator, setup),
        cmocka_unit_test_setup(a_transport_may_forbid_get_id, setup),
        cmocka_unit_test_setup(a_resize_is_noticed, setup),
        cmocka_unit_test_setup(silence_costs_a_reset_and_a_clear_error, setup),
        cmocka_unit_test_setup(the_time_a_request_may_take_can_be_set, setup),
        cmocka_unit_test_setup(a_late_answer_hits_memory_that_is_still_there, setup),
        cmocka_unit_test_setup(a_device_that_asks_for_a_reset_loses_no_request, setup),
        cmocka_unit_test_setup(a_device_that_never_finishes_its_reset, setup),
        cmocka_unit_test_setup(a_device_that_does_not_come_up_again, setup),
        cmocka_unit_test_setup(a_lying_device_breaks_its_disk_and_nothing_else, setup),
        cmocka_unit_test_setup(interrupts_without_a_reason_change_nothing, setup),
        cmocka_unit_test_setup(every_accepted_request_ends_exactly_once, setup),
        cmocka_unit_test_setup(disks_are_found_by_name, setup),
        cmocka_unit_test_setup(one_without_memory_is_refused, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

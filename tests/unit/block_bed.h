/*
 * The bed of the virtio block device: the model of a disk, and requests that are counted until
 * their one done().
 */
#ifndef TESTS_UNIT_BLOCK_BED_H
#define TESTS_UNIT_BLOCK_BED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "drivers/virtio/device/block.h"
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "model/model.h"
#include "shim.h"

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
static uint32_t whole; /* bytes that a request has to be a multiple of */

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
    if (h.type != VIRTIO_BLK_T_GET_ID)
        assert_int_equal((h.sector * 512 | in | out) % whole, 0);
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
    whole = 512;
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
    shim_discover();
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

#endif

/*
 * The bed of the virtio network driver: a user of the card that keeps books of every buffer
 * which goes through the device, and the model of a card, honest or not.
 */
#ifndef TESTS_UNIT_NET_BED_H
#define TESTS_UNIT_NET_BED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "drivers/virtio/device/net.h"
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "model/model.h"
#include "shim.h"

#define RX     0
#define TX     1
#define RING   32
#define BUFFER 1600u
#define FRAMES 64

static const uint64_t mrg = BIT(VIRTIO_NET_F_MRG_RXBUF);
static const uint64_t csums = BIT(VIRTIO_NET_F_CSUM) | BIT(VIRTIO_NET_F_GUEST_CSUM);

/* ---- entropy, as the driver finds it ---- */

static int entropy;

int
entropy_read(void *to, size_t size, uint64_t deadline)
{
    (void)deadline;
    memset(to, 0xff, size);
    return entropy;
}

/* ---- the user of the card ---- */

enum place { OURS, POSTED, SENDING };

struct buffer {
    enum place place;
    uint8_t *bytes; /* BUFFER of them, of their own, for the sanitizer */
};

static struct buffer buffers[RING];
static bool have_memory; /* the user has buffers to post */
static unsigned frames, refills, changes, returned;
static uint8_t last[RING * BUFFER];
static uint32_t last_len;
static unsigned last_parts;
static struct net_meta last_meta;

static struct net_device *
card(void)
{
    struct virtio_net *n = virtio_device_next(NULL)->driver_data;

    return &n->dev;
}

static void
take_back(void *token, enum place was)
{
    struct buffer *b = token;

    assert_int_equal(b->place, was);
    b->place = OURS;
}

static void
received(void *arg, void *const *tokens, const uint32_t *lens, unsigned n,
         const struct net_meta *meta)
{
    (void)arg;
    frames++;
    last_len = 0;
    last_parts = n;
    last_meta = *meta;
    for (unsigned i = 0; i < n; i++) {
        struct buffer *b = tokens[i];
        unsigned skip = i == 0 ? card()->rx_headroom : 0;
        take_back(b, POSTED);
        assert_true(lens[i] <= BUFFER - skip);
        memcpy(last + last_len, b->bytes + skip, lens[i]);
        last_len += lens[i];
    }
}

static void
rx_released(void *arg, void *token)
{
    (void)arg;
    take_back(token, POSTED);
    returned++;
}

static void
sent(void *arg, void *token)
{
    (void)arg;
    take_back(token, SENDING);
    returned++;
}

static void
refill(void *arg)
{
    bool any = false;

    (void)arg;
    refills++;
    for (unsigned i = 0; have_memory && i < RING; i++) {
        struct sg part = {buffers[i].bytes, BUFFER};
        if (buffers[i].place != OURS)
            continue;
        if (card()->rx_post(card(), &part, 1, &buffers[i]) < 0)
            break;
        buffers[i].place = POSTED;
        any = true;
    }
    if (any)
        card()->kick(card());
}

static void
changed(void *arg)
{
    (void)arg;
    changes++;
}

static const struct net_user user = {
    .received = received,
    .rx_released = rx_released,
    .sent = sent,
    .refill = refill,
    .changed = changed,
};

/* ---- the device's side ---- */

static int
setup(void **state)
{
    (void)state;
    model_machine_reset();
    shim_log_clear();
    for (unsigned i = 0; i < RING; i++) {
        free(buffers[i].bytes);
        buffers[i] = (struct buffer){.bytes = malloc(BUFFER)};
        memset(buffers[i].bytes, 0, BUFFER);
    }
    entropy = 0;
    have_memory = true;
    frames = refills = changes = returned = 0;
    return 0;
}

static const struct virtio_net_config usual = {.mac = {0x52, 0x54, 0, 1, 2, 3}, .status = 1};

static struct model *
plug_on(enum model_bus bus, uint64_t features, const struct virtio_net_config *config)
{
    struct model *m = model_new(&(struct model_setup){
        .bus = bus,
        .type = VIRTIO_ID_NET,
        .features = features,
        .config = config,
        .config_len = sizeof(*config),
        .nr_queues = 2,
        .queue_size = {RING, RING},
    });
    shim_discover();
    model_run();
    return m;
}

/* A modern card with buffers posted. */
static struct model *
plug(uint64_t features)
{
    struct model *m = plug_on(MODEL_PCI_MODERN, features | BIT(VIRTIO_NET_F_MAC), &usual);

    card()->user = user;
    refill(NULL);
    refills = 0;
    return m;
}

static void
fill(uint8_t *frame, size_t len)
{
    for (size_t i = 0; i < len; i++)
        frame[i] = (uint8_t)(i * 3 + 1);
}

/* One buffer back to the driver: `head` bytes of header and the frame behind, claiming `len`
 * bytes. Nobody is told. */
static void
put(struct model *m, const void *head, size_t head_len, const void *data, size_t data_len,
    uint32_t len)
{
    struct model_chain c;

    assert_true(model_pop(m, RX, &c));
    assert_int_equal(c.nr_out, 0);
    model_write(&c, 0, head, head_len);
    model_write(&c, head_len, data, data_len);
    model_push_quietly(m, RX, c.head, len);
}

static void
tell(struct model *m)
{
    model_interrupt(m, VIRTIO_ISR_QUEUE);
    model_run();
}

/* A frame in one buffer with this header. */
static void
deliver(struct model *m, const struct virtio_net_hdr *h, const void *data, size_t len)
{
    size_t head = card()->rx_headroom;

    put(m, h, head, data, len, (uint32_t)(head + len));
    tell(m);
}

/* Every buffer that the device does not hold is ours, and the device has all the others. */
static unsigned
posted(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < RING; i++)
        n += buffers[i].place == POSTED;
    return n;
}

#endif

/*
 * The virtio network driver against the model: headers byte by byte, frames where they lie,
 * and the books of every buffer that went through the device, honest or not (checklist rows
 * 3, 9, 30, 31, 43, 44, 46 to 49, 61).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "drivers/virtio/net.h"
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "model/model.h"
#include "shim.h"
#include "slip.h"

#define BIT(n) (UINT64_C(1) << (n))
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
entropy_read(void *to, size_t size)
{
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
    (void)arg;
    refills++;
    for (unsigned i = 0; have_memory && i < RING; i++) {
        struct sg part = {buffers[i].bytes, BUFFER};
        if (buffers[i].place != OURS)
            continue;
        if (card()->rx_post(card(), &part, 1, &buffers[i]) < 0)
            break;
        buffers[i].place = POSTED;
    }
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
    platform->discover();
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

/* ---- headers ---- */

static void
header_length_and_layout(void **state)
{
    static const struct {
        enum model_bus bus;
        uint64_t features;
        uint32_t header;
        bool apart;
    } cells[] = {
        {MODEL_PCI_LEGACY, 0, 10, true},
        {MODEL_PCI_LEGACY, BIT(VIRTIO_F_ANY_LAYOUT), 10, false},
        {MODEL_PCI_LEGACY, BIT(VIRTIO_NET_F_MRG_RXBUF), 12, true},
        {MODEL_PCI_LEGACY, BIT(VIRTIO_NET_F_MRG_RXBUF) | BIT(VIRTIO_F_ANY_LAYOUT), 12, false},
        {MODEL_PCI_MODERN, 0, 12, false},
        {MODEL_PCI_MODERN, BIT(VIRTIO_NET_F_MRG_RXBUF), 12, false},
        {MODEL_PCI_TRANSITIONAL, 0, 12, false},
    };
    static const uint8_t zeros[12];
    uint8_t frame[60];

    (void)state;
    fill(frame, sizeof(frame));
    for (size_t i = 0; i < ARRAY_SIZE(cells); i++) {
        struct sg part = {frame, sizeof(frame)};
        struct model_chain c;
        setup(NULL);
        struct model *m = plug_on(cells[i].bus, cells[i].features, &usual);
        card()->user = user;
        refill(NULL);
        assert_int_equal(card()->rx_headroom, cells[i].header);

        assert_true(model_pop(m, RX, &c));
        assert_int_equal(c.nr_in, cells[i].apart ? 2 : 1);
        assert_ptr_equal(c.parts[0].base, buffers[0].bytes);
        assert_int_equal(c.parts[0].len, cells[i].apart ? cells[i].header : BUFFER);
        if (cells[i].apart) {
            assert_ptr_equal(c.parts[1].base, buffers[0].bytes + cells[i].header);
            assert_int_equal(c.parts[1].len, BUFFER - cells[i].header);
        }

        buffers[RING - 1].place = SENDING;
        assert_int_equal(card()->tx(card(), &part, 1, NULL, &buffers[RING - 1]), 0);
        card()->kick(card());
        assert_true(model_pop(m, TX, &c));
        assert_int_equal(c.nr_out, 2);
        assert_int_equal(c.nr_in, 0);
        assert_int_equal(c.parts[0].len, cells[i].header);
        assert_memory_equal(c.parts[0].base, zeros, cells[i].header);
        assert_ptr_equal(c.parts[1].base, frame);
        assert_int_equal(c.parts[1].len, sizeof(frame));
        model_push(m, TX, c.head, 0);
        model_run();
        assert_int_equal(buffers[RING - 1].place, OURS);
        model_assert_clean();
    }
}

static void
a_frame_arrives_where_it_was_posted(void **state)
{
    static const uint64_t sets[] = {0, BIT(VIRTIO_NET_F_MRG_RXBUF)};
    uint8_t frame[1514];

    (void)state;
    fill(frame, sizeof(frame));
    for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
        setup(NULL);
        struct model *m = plug(sets[i]);
        deliver(m, &(struct virtio_net_hdr){.num_buffers = 1}, frame, sizeof(frame));
        assert_int_equal(frames, 1);
        assert_int_equal(last_len, sizeof(frame));
        assert_memory_equal(last, frame, sizeof(frame));
        assert_int_equal(card()->counters.rx_frames, 1);
        assert_int_equal(card()->counters.rx_bytes, sizeof(frame));
        assert_int_equal(refills, 1);
        assert_int_equal(posted(), RING);
        model_assert_clean();
    }
}

/* Legacy without ANY_LAYOUT: header and frame in two descriptors, one buffer to the user. */
static void
a_frame_arrives_behind_a_header_of_its_own(void **state)
{
    uint8_t frame[100];
    struct model *m;

    (void)state;
    m = plug_on(MODEL_PCI_LEGACY, 0, &usual);
    card()->user = user;
    refill(NULL);
    fill(frame, sizeof(frame));
    deliver(m, &(struct virtio_net_hdr){.flags = 0}, frame, sizeof(frame));
    assert_int_equal(frames, 1);
    assert_int_equal(last_len, sizeof(frame));
    assert_memory_equal(last, frame, sizeof(frame));
}

/* ---- merged buffers ---- */

static void
merged_buffers_make_one_frame(void **state)
{
    uint8_t frame[2 * BUFFER + 100];
    const struct virtio_net_hdr h = {.num_buffers = 3};
    size_t first = BUFFER - 12;
    struct model *m;

    (void)state;
    m = plug(mrg);
    fill(frame, sizeof(frame));
    put(m, &h, 12, frame, first, BUFFER);
    put(m, NULL, 0, frame + first, BUFFER, BUFFER);
    put(m, NULL, 0, frame + first + BUFFER, sizeof(frame) - first - BUFFER,
        (uint32_t)(sizeof(frame) - first - BUFFER));
    tell(m);
    assert_int_equal(frames, 1);
    assert_int_equal(last_parts, 3);
    assert_int_equal(last_len, sizeof(frame));
    assert_memory_equal(last, frame, sizeof(frame));
    assert_int_equal(posted(), RING);
    model_assert_clean();
}

static void
a_wrong_number_of_buffers_breaks_the_card_only(void **state)
{
    static const uint16_t wrong[] = {0, 2, 17, 18, 0xffff};
    uint8_t frame[100] = {1};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        setup(NULL);
        struct model *m = plug(mrg);
        deliver(m, &(struct virtio_net_hdr){.num_buffers = wrong[i]}, frame, sizeof(frame));
        assert_int_equal(frames, 0);
        assert_true(card()->broken);
        assert_int_equal(card()->counters.rx_bad, 1);
        assert_true(changes > 0);
        /* The device was reset before the others came back. */
        assert_int_equal(model_resets(m), 2);
        assert_int_equal(posted(), 0);
        assert_int_equal(returned, RING);
        struct sg part = {frame, sizeof(frame)};
        assert_int_equal(card()->tx(card(), &part, 1, NULL, &buffers[0]), -EIO);
        assert_int_equal(card()->rx_post(card(), &part, 1, &buffers[0]), -EIO);
    }
}

static void
a_frame_of_more_buffers_than_are_ever_merged(void **state)
{
    const struct virtio_net_hdr h = {.num_buffers = NET_MERGE_MAX + 1};
    uint8_t bytes[100] = {1};
    struct model *m;

    (void)state;
    m = plug(mrg);
    put(m, &h, 12, bytes, 50, 62);
    for (unsigned i = 0; i < NET_MERGE_MAX; i++)
        put(m, NULL, 0, bytes, 50, 50);
    tell(m);
    assert_int_equal(frames, 0);
    assert_true(card()->broken);
    assert_int_equal(returned, RING);

    /* One fewer is a frame. */
    setup(NULL);
    m = plug(mrg);
    put(m, &(struct virtio_net_hdr){.num_buffers = NET_MERGE_MAX}, 12, bytes, 50, 62);
    for (unsigned i = 1; i < NET_MERGE_MAX; i++)
        put(m, NULL, 0, bytes, 50, 50);
    tell(m);
    assert_int_equal(frames, 1);
    assert_int_equal(last_len, 50 * NET_MERGE_MAX);
    model_assert_clean();
}

static void
num_buffers_means_nothing_without_merging(void **state)
{
    uint8_t frame[100] = {1};
    struct model *m;

    (void)state;
    m = plug(0);
    deliver(m, &(struct virtio_net_hdr){.num_buffers = 5}, frame, sizeof(frame));
    assert_int_equal(frames, 1);
    assert_false(card()->broken);
}

static void
an_empty_buffer_in_the_middle_drops_the_frame(void **state)
{
    uint8_t frame[100] = {1};
    struct model *m;

    (void)state;
    m = plug(mrg);
    put(m, &(struct virtio_net_hdr){.num_buffers = 2}, 12, frame, 100, 112);
    put(m, NULL, 0, NULL, 0, 0);
    tell(m);
    assert_int_equal(frames, 0);
    assert_int_equal(card()->counters.rx_bad, 1);
    assert_false(card()->broken);
    assert_int_equal(posted(), RING);
}

/* ---- lengths ---- */

static void
runts_are_dropped_and_their_buffers_reused(void **state)
{
    uint8_t frame[64] = {1};
    struct model *m;

    (void)state;
    m = plug(mrg);
    for (uint32_t len = 0; len < 12 + 14; len++) {
        put(m, &(struct virtio_net_hdr){.num_buffers = 1}, 12, frame, 14, len);
        tell(m);
    }
    assert_int_equal(frames, 0);
    assert_int_equal(card()->counters.rx_bad, 26);
    assert_int_equal(posted(), RING);
    deliver(m, &(struct virtio_net_hdr){.num_buffers = 1}, frame, 14);
    assert_int_equal(frames, 1);
    assert_int_equal(last_len, 14);
}

static void
a_length_beyond_the_buffer_is_cut(void **state)
{
    uint8_t frame[64] = {1};
    struct model *m;

    (void)state;
    m = plug(0);
    put(m, &(struct virtio_net_hdr){.flags = 0}, 12, frame, sizeof(frame), 0xffffffff);
    tell(m);
    assert_int_equal(frames, 1);
    assert_int_equal(last_len, BUFFER - 12);
}

static void
short_chains_are_not_posted(void **state)
{
    uint8_t *bytes = buffers[0].bytes;
    struct sg small = {bytes, 1525}, enough = {bytes, 1526};
    struct sg narrow[] = {{bytes, 12}, {bytes + 12, BUFFER - 12}};

    (void)state;
    bytes = NULL;
    plug_on(MODEL_PCI_MODERN, 0, &usual);
    card()->user = user;
    small.base = enough.base = narrow[0].base = buffers[0].bytes;
    narrow[1].base = buffers[0].bytes + 12;
    assert_int_equal(card()->rx_min, 1526);
    assert_int_equal(card()->rx_post(card(), &small, 1, &buffers[0]), -EINVAL);
    assert_int_equal(card()->rx_post(card(), narrow, 2, &buffers[0]), -EINVAL);
    assert_int_equal(card()->rx_post(card(), narrow, 0, &buffers[0]), -EINVAL);
    assert_int_equal(card()->rx_post(card(), &enough, 1, &buffers[0]), 0);
    buffers[0].place = POSTED;
}

/* ---- checksums ---- */

static void
received_checksum_places_are_checked(void **state)
{
    static const struct {
        uint16_t start, offset;
        bool good;
    } cases[] = {
        {34, 16, true},          {0, 0, true},       {98, 0, true},
        {0, 98, true},           {99, 0, false},     {0, 99, false},
        {50, 49, false},         {100, 0, false},    {0xffff, 0, false},
        {0, 0xffff, false},      {0xffff, 1, false}, {0xfffe, 0xffff, false},
        {0x8000, 0x8000, false},
    };
    uint8_t frame[100] = {1};
    struct model *m;
    unsigned good = 0, bad = 0;

    (void)state;
    m = plug(csums);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct virtio_net_hdr h = {.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
                                         .csum_start = cases[i].start,
                                         .csum_offset = cases[i].offset};
        deliver(m, &h, frame, sizeof(frame));
        *(cases[i].good ? &good : &bad) += 1;
        assert_int_equal(frames, good);
        assert_int_equal(card()->counters.rx_bad, bad);
        if (!cases[i].good)
            continue;
        assert_true(last_meta.csum_partial);
        assert_true(last_meta.csum_valid);
        assert_int_equal(last_meta.csum_start, cases[i].start);
        assert_int_equal(last_meta.csum_offset, cases[i].offset);
    }
    deliver(m, &(struct virtio_net_hdr){.flags = VIRTIO_NET_HDR_F_DATA_VALID}, frame, 100);
    assert_true(last_meta.csum_valid);
    assert_false(last_meta.csum_partial);
    deliver(m, &(struct virtio_net_hdr){.flags = 0}, frame, 100);
    assert_false(last_meta.csum_valid);
    assert_int_equal(posted(), RING);
}

static void
nothing_vouches_without_guest_csum(void **state)
{
    const struct virtio_net_hdr h = {.flags = 0xff, .csum_start = 0xffff, .gso_size = 9};
    uint8_t frame[100] = {1};
    struct model *m;

    (void)state;
    m = plug(0);
    assert_false(card()->rx_csum);
    deliver(m, &h, frame, sizeof(frame));
    assert_int_equal(frames, 1);
    assert_false(last_meta.csum_valid);
    assert_false(last_meta.csum_partial);
    assert_int_equal(last_meta.gso_size, 0);
}

static void
sent_checksums_are_handed_to_the_device(void **state)
{
    uint8_t frame[100] = {1};
    struct sg part = {frame, sizeof(frame)};
    struct net_meta meta = {.csum_partial = true, .csum_start = 34, .csum_offset = 16};
    struct model_chain c;
    struct model *m;

    (void)state;
    m = plug(csums);
    have_memory = false;
    buffers[0].place = SENDING;
    assert_int_equal(card()->tx(card(), &part, 1, &meta, &buffers[0]), 0);
    card()->kick(card());
    assert_true(model_pop(m, TX, &c));
    assert_memory_equal(c.parts[0].base, "\1\0\0\0\0\0\x22\0\x10\0\0\0", 12);

    /* A header in use is not used for another frame. */
    meta.csum_start = 83;
    assert_int_equal(card()->tx(card(), &part, 1, &meta, &buffers[1]), -EINVAL);
    assert_memory_equal(c.parts[0].base, "\1\0\0\0\0\0\x22\0\x10\0\0\0", 12);
    meta.csum_start = 0xffff;
    assert_int_equal(card()->tx(card(), &part, 1, &meta, &buffers[1]), -EINVAL);
    meta = (struct net_meta){.gso_size = 1448};
    assert_int_equal(card()->tx(card(), &part, 1, &meta, &buffers[1]), -EINVAL);
    buffers[0].place = SENDING;
    model_push(m, TX, c.head, 0);
    model_run();
    model_assert_clean();
}

static void
partial_checksums_are_refused_without_the_feature(void **state)
{
    uint8_t frame[100] = {1};
    struct sg part = {frame, sizeof(frame)};
    const struct net_meta meta = {.csum_partial = true, .csum_start = 34, .csum_offset = 16};

    (void)state;
    plug(0);
    assert_false(card()->tx_csum);
    assert_int_equal(card()->tx(card(), &part, 1, &meta, &buffers[0]), -EINVAL);
}

/* ---- nothing starves ---- */

static void
refill_is_asked_for_again_when_there_was_no_memory(void **state)
{
    uint8_t frame[60] = {1};
    struct model *m;
    unsigned told;

    (void)state;
    m = plug(0);
    have_memory = false;
    for (unsigned i = 0; i < RING; i++)
        deliver(m, &(struct virtio_net_hdr){.flags = 0}, frame, sizeof(frame));
    assert_int_equal(frames, RING);
    assert_int_equal(posted(), 0);
    have_memory = true;
    told = model_notified(m, RX);
    for (int i = 0; i < 10 && posted() == 0; i++) {
        shim_clock_advance(100 * NSEC_PER_MSEC);
        model_run();
    }
    assert_int_equal(posted(), RING);
    assert_true(model_notified(m, RX) > told);
    deliver(m, &(struct virtio_net_hdr){.flags = 0}, frame, sizeof(frame));
    assert_int_equal(frames, RING + 1);
    model_assert_clean();
}

/* Send from the test's buffers; what tx said. */
static int
send(struct buffer *b)
{
    struct sg part = {b->bytes, 60};
    int error = card()->tx(card(), &part, 1, NULL, b);

    if (error == 0)
        b->place = SENDING;
    return error;
}

static void
sent_frames_come_back_although_nothing_more_is_sent(void **state)
{
    struct model_chain c;
    struct model *m;

    (void)state;
    have_memory = false;
    m = plug(0);
    assert_int_equal(send(&buffers[0]), 0);
    card()->kick(card());
    model_run();
    assert_int_equal(buffers[0].place, SENDING);
    /* The device takes its time; only its interrupt can say that it is done. */
    assert_true(model_pop(m, TX, &c));
    model_push(m, TX, c.head, 0);
    model_run();
    assert_int_equal(buffers[0].place, OURS);
    model_assert_clean();
}

static void
frames_sent_at_once_need_no_interrupt(void **state)
{
    struct virtio_net *n;
    struct model_chain c;
    struct model *m;

    (void)state;
    have_memory = false;
    m = plug(0);
    n = virtio_device_next(NULL)->driver_data;
    send(&buffers[0]);
    card()->kick(card());
    assert_true(model_pop(m, TX, &c));
    model_push(m, TX, c.head, 0);
    model_run();
    assert_int_equal(buffers[0].place, OURS);

    /* With nothing in flight the interrupt is off: the next one is found at a known point. */
    uint64_t before = n->tx.queue->interrupts;
    for (unsigned i = 0; i < 50; i++) {
        send(&buffers[0]);
        card()->kick(card());
        assert_true(model_pop(m, TX, &c));
        model_push(m, TX, c.head, 0);
        model_run();
        assert_int_equal(buffers[0].place, OURS);
    }
    assert_int_equal(n->tx.queue->interrupts, before);
}

static void
a_full_ring_is_looked_through_without_an_interrupt(void **state)
{
    struct model_chain c;
    struct model *m;
    unsigned n = 0;

    (void)state;
    have_memory = false;
    m = plug(0);
    while (n < RING && send(&buffers[n]) == 0)
        n++;
    assert_true(n > 0 && n < RING);
    card()->kick(card());
    model_run();
    while (model_pop(m, TX, &c))
        model_push_quietly(m, TX, c.head, 0);
    model_run();
    assert_int_equal(buffers[0].place, SENDING);
    assert_int_equal(send(&buffers[n]), -ENOSPC);
    model_run();
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(buffers[i].place, OURS);
    assert_int_equal(send(&buffers[n]), 0);
}

static struct model *slip_model;
static struct model_chain slip_chain;

static void
frame_quietly(void)
{
    uint8_t bytes[12 + 60] = {0};

    put(slip_model, bytes, 12, bytes + 12, 60, sizeof(bytes));
}

static void
sent_quietly(void)
{
    model_push_quietly(slip_model, TX, slip_chain.head, 0);
}

static void
what_slips_in_is_found(void **state)
{
    uint8_t frame[60] = {1};
    struct virtio_net *n;
    struct model_chain c;

    (void)state;
    slip_model = plug(0);
    n = virtio_device_next(NULL)->driver_data;
    slip(n->rx.queue, frame_quietly);
    deliver(slip_model, &(struct virtio_net_hdr){.flags = 0}, frame, sizeof(frame));
    assert_int_equal(frames, 2);

    setup(NULL);
    have_memory = false;
    slip_model = plug(0);
    n = virtio_device_next(NULL)->driver_data;
    assert_int_equal(send(&buffers[0]), 0);
    assert_int_equal(send(&buffers[1]), 0);
    card()->kick(card());
    model_run();
    assert_true(model_pop(slip_model, TX, &c));
    assert_true(model_pop(slip_model, TX, &slip_chain));
    slip(n->tx.queue, sent_quietly);
    model_push(slip_model, TX, c.head, 0);
    model_run();
    assert_int_equal(buffers[0].place, OURS);
    assert_int_equal(buffers[1].place, OURS);
}

/* Few descriptors left, but slots enough: the long frame has to wait, not to fail. */
static void
a_chain_waits_for_descriptors(void **state)
{
    struct sg parts[RING - 1];
    struct model_chain c;
    struct model *m;

    (void)state;
    have_memory = false;
    m = plug(0);
    for (unsigned i = 0; i < RING - 1; i++)
        parts[i] = (struct sg){buffers[0].bytes, 4};
    assert_int_equal(send(&buffers[1]), 0);
    assert_int_equal(card()->tx(card(), parts, RING - 1, NULL, &buffers[0]), -ENOSPC);
    card()->kick(card());
    assert_true(model_pop(m, TX, &c));
    model_push(m, TX, c.head, 0);
    model_run();
    assert_int_equal(buffers[1].place, OURS);
    assert_int_equal(card()->tx(card(), parts, RING - 1, NULL, &buffers[0]), 0);
    buffers[0].place = SENDING;
}

static void
a_card_with_queues_of_one_entry_is_refused(void **state)
{
    struct model *m = model_new(
        &(struct model_setup){.type = VIRTIO_ID_NET, .nr_queues = 2, .queue_size = {RING, 1}});

    (void)state;
    platform->discover();
    model_run();
    assert_true(model_status(m) & VIRTIO_STATUS_FAILED);
    assert_true(shim_log_has("tx has room for 1"));
    model_assert_clean();
}

static void
a_chain_as_long_as_the_ring_allows(void **state)
{
    uint8_t bytes[RING];
    struct sg parts[RING];
    struct model_chain c;
    struct model *m;

    (void)state;
    have_memory = false;
    m = plug(0);
    fill(bytes, sizeof(bytes));
    for (unsigned i = 0; i < RING; i++)
        parts[i] = (struct sg){bytes + i, 1};
    assert_int_equal(card()->tx(card(), parts, RING, NULL, &buffers[0]), -EINVAL);
    assert_int_equal(card()->tx(card(), parts, 0, NULL, &buffers[0]), -EINVAL);
    assert_int_equal(card()->tx(card(), parts, RING - 1, NULL, &buffers[0]), 0);
    buffers[0].place = SENDING;
    card()->kick(card());
    assert_true(model_pop(m, TX, &c));
    assert_int_equal(c.nr_out, RING);
    model_assert_clean();
}

/* ---- configuration ---- */

static void
mac_is_the_device_s_or_a_random_local_one(void **state)
{
    static const struct virtio_net_config group = {.mac = {1, 2, 3, 4, 5, 6}};
    static const struct virtio_net_config nil;

    (void)state;
    plug_on(MODEL_PCI_MODERN, BIT(VIRTIO_NET_F_MAC), &usual);
    assert_memory_equal(card()->mac, usual.mac, 6);
    struct net_device *found = NULL, *newest = NULL;
    while ((found = net_next(found)))
        newest = found;
    assert_ptr_equal(newest, card());
    assert_false(shim_log_has("random"));

    for (unsigned i = 0; i < 8; i++) {
        setup(NULL);
        entropy = i & 1 ? -ENODEV : 0;
        if (i < 4)
            plug_on(MODEL_PCI_MODERN, 0, &usual);
        else
            plug_on(MODEL_PCI_MODERN, BIT(VIRTIO_NET_F_MAC), i < 6 ? &group : &nil);
        assert_int_equal(card()->mac[0] & 3, 2);
        assert_true(shim_log_has("random"));
        if (entropy == 0)
            assert_memory_equal(card()->mac, "\xfe\xff\xff\xff\xff\xff", 6);
        else
            assert_memory_not_equal(card()->mac, "\xfe\xff\xff\xff\xff\xff", 6);
        model_assert_clean();
    }
}

static void
mtu_is_clamped(void **state)
{
    static const struct {
        uint16_t offered, taken;
        bool warns;
    } cases[] = {{0, 1500, true},     {67, 1500, true},    {68, 68, false},
                 {1400, 1400, false}, {1500, 1500, false}, {9000, 9000, false},
                 {9001, 9000, false}, {65535, 9000, false}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct virtio_net_config config = {.mac = {2}, .mtu = cases[i].offered};
        setup(NULL);
        plug_on(MODEL_PCI_MODERN, BIT(VIRTIO_NET_F_MTU) | BIT(VIRTIO_NET_F_MAC), &config);
        assert_int_equal(card()->mtu, cases[i].taken);
        assert_int_equal(shim_log_lines(LOG_WARN), cases[i].warns);
        assert_int_equal(card()->rx_min, 12 + 14 + MAX(cases[i].taken, 1500));
        model_assert_clean();
        setup(NULL);
        plug_on(MODEL_PCI_MODERN, BIT(VIRTIO_NET_F_MAC), &config);
        assert_int_equal(card()->mtu, 1500);
        model_assert_clean();
    }
}

static void
the_link_is_followed(void **state)
{
    const uint16_t down = 0, up = VIRTIO_NET_S_LINK_UP;
    struct model *m;

    (void)state;
    m = plug(BIT(VIRTIO_NET_F_STATUS));
    assert_true(card()->link_up);
    model_config_set(m, offsetof(struct virtio_net_config, status), &down, 2);
    model_run();
    assert_false(card()->link_up);
    assert_int_equal(changes, 1);
    model_config_set(m, offsetof(struct virtio_net_config, status), &down, 2);
    model_run();
    assert_int_equal(changes, 1);
    model_config_set(m, offsetof(struct virtio_net_config, status), &up, 2);
    model_run();
    assert_true(card()->link_up);
    assert_int_equal(changes, 2);
    model_assert_clean();

    setup(NULL);
    plug_on(MODEL_PCI_MODERN, 0, &(struct virtio_net_config){.status = 0});
    assert_true(card()->link_up);
    model_assert_clean();
}

/* ---- resets ---- */

static void
a_reset_returns_every_buffer_once_and_goes_on(void **state)
{
    uint8_t frame[60] = {1};
    struct model *m;

    (void)state;
    have_memory = false;
    m = plug(mrg);
    assert_int_equal(send(&buffers[0]), 0);
    assert_int_equal(send(&buffers[1]), 0);
    have_memory = true;
    refill(NULL);
    assert_int_equal(posted(), RING - 2);
    model_needs_reset(m);
    model_run();
    assert_int_equal(model_resets(m), 2);
    assert_int_equal(returned, RING);
    /* started() had them posted again, the two that were being sent included. */
    assert_int_equal(posted(), RING);
    assert_false(card()->broken);
    deliver(m, &(struct virtio_net_hdr){.num_buffers = 1}, frame, sizeof(frame));
    assert_int_equal(frames, 1);
    model_assert_clean();
}

static void
a_device_that_is_never_reset_keeps_its_buffers(void **state)
{
    struct model *m;

    (void)state;
    m = plug(mrg);
    model_lie(m, &(struct model_lies){.reset_ns = MODEL_NEVER});
    model_push(m, RX, 4711, 0);
    for (int i = 0; i < 20; i++) {
        shim_clock_advance(NSEC_PER_SEC);
        model_run();
    }
    assert_true(card()->broken);
    assert_int_equal(posted(), RING);
    assert_int_equal(send(&buffers[0]), -EIO);
}

/* Headers, lengths and numbers of buffers at random: memory stays whole (the sanitizer
 * watches) and no buffer is lost or comes twice (take_back watches). */
static void
random_lies(void **state)
{
    static const uint64_t sets[] = {0, BIT(VIRTIO_NET_F_MRG_RXBUF),
                                    BIT(VIRTIO_NET_F_GUEST_CSUM),
                                    BIT(VIRTIO_NET_F_MRG_RXBUF) | BIT(VIRTIO_NET_F_GUEST_CSUM)};
    unsigned seed = 11;

    (void)state;
    for (unsigned round = 0; round < 400; round++) {
        setup(NULL);
        struct model *m = plug(sets[round % 4]);
        for (unsigned i = 0; i < 30 && !card()->broken; i++) {
            uint8_t bytes[12 + 64];
            struct model_chain c;
            for (size_t k = 0; k < sizeof(bytes); k++)
                bytes[k] = (uint8_t)rand_r(&seed);
            bytes[10] = (uint8_t)(1 + rand_r(&seed) % 3);
            bytes[11] = 0;
            if (!model_pop(m, RX, &c))
                break;
            model_write(&c, 0, bytes, sizeof(bytes));
            model_push_quietly(m, RX, c.head, (uint32_t)rand_r(&seed) % 2000);
            if (rand_r(&seed) % 3 == 0)
                tell(m);
        }
        tell(m);
        model_needs_reset(m);
        model_run();
        if (card()->broken)
            assert_int_equal(posted(), 0);
        else
            assert_int_equal(posted(), RING);
    }
}

static void
one_without_memory_is_refused(void **state)
{
    (void)state;
    for (int n = 0; n < 10; n++) {
        setup(NULL);
        shim_memory_fail_after(n);
        struct model *m = plug_on(MODEL_PCI_MODERN, 0, &usual);
        shim_memory_fail_after(-1);
        /* Without memory for it the bus does not even report the device. */
        if (!virtio_device_next(NULL))
            continue;
        bool up = model_status(m) & VIRTIO_STATUS_DRIVER_OK;
        assert_int_equal(!!(model_status(m) & VIRTIO_STATUS_FAILED), !up);
        model_assert_clean();
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(header_length_and_layout, setup),
        cmocka_unit_test_setup(a_frame_arrives_where_it_was_posted, setup),
        cmocka_unit_test_setup(a_frame_arrives_behind_a_header_of_its_own, setup),
        cmocka_unit_test_setup(merged_buffers_make_one_frame, setup),
        cmocka_unit_test_setup(a_wrong_number_of_buffers_breaks_the_card_only, setup),
        cmocka_unit_test_setup(a_frame_of_more_buffers_than_are_ever_merged, setup),
        cmocka_unit_test_setup(num_buffers_means_nothing_without_merging, setup),
        cmocka_unit_test_setup(an_empty_buffer_in_the_middle_drops_the_frame, setup),
        cmocka_unit_test_setup(runts_are_dropped_and_their_buffers_reused, setup),
        cmocka_unit_test_setup(a_length_beyond_the_buffer_is_cut, setup),
        cmocka_unit_test_setup(short_chains_are_not_posted, setup),
        cmocka_unit_test_setup(received_checksum_places_are_checked, setup),
        cmocka_unit_test_setup(nothing_vouches_without_guest_csum, setup),
        cmocka_unit_test_setup(sent_checksums_are_handed_to_the_device, setup),
        cmocka_unit_test_setup(partial_checksums_are_refused_without_the_feature, setup),
        cmocka_unit_test_setup(refill_is_asked_for_again_when_there_was_no_memory, setup),
        cmocka_unit_test_setup(sent_frames_come_back_although_nothing_more_is_sent, setup),
        cmocka_unit_test_setup(frames_sent_at_once_need_no_interrupt, setup),
        cmocka_unit_test_setup(a_full_ring_is_looked_through_without_an_interrupt, setup),
        cmocka_unit_test_setup(what_slips_in_is_found, setup),
        cmocka_unit_test_setup(a_chain_waits_for_descriptors, setup),
        cmocka_unit_test_setup(a_card_with_queues_of_one_entry_is_refused, setup),
        cmocka_unit_test_setup(a_chain_as_long_as_the_ring_allows, setup),
        cmocka_unit_test_setup(mac_is_the_device_s_or_a_random_local_one, setup),
        cmocka_unit_test_setup(mtu_is_clamped, setup),
        cmocka_unit_test_setup(the_link_is_followed, setup),
        cmocka_unit_test_setup(a_reset_returns_every_buffer_once_and_goes_on, setup),
        cmocka_unit_test_setup(a_device_that_is_never_reset_keeps_its_buffers, setup),
        cmocka_unit_test_setup(random_lies, setup),
        cmocka_unit_test_setup(one_without_memory_is_refused, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

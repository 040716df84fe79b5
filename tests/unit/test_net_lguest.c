/*
 * The network driver on lguest's bus, whose host cuts frames that do not fit the buffer, has no
 * mergeable ones, and gathers TCP segments whatever was accepted (checklist rows 21, 43, 44,
 * 45, 49): what is negotiated, how large the buffers are, and frames of every size in them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "drivers/virtio/device/net.h"
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "model/lguest.h"
#include "shim.h"

/* What the original offers. */
#define OFFER                                                                                  \
    (BIT(VIRTIO_NET_F_CSUM) | BIT(VIRTIO_NET_F_GUEST_CSUM) | BIT(VIRTIO_NET_F_MAC) |           \
     BIT(VIRTIO_NET_F_GUEST_TSO4) | BIT(VIRTIO_NET_F_GUEST_TSO6) |                             \
     BIT(VIRTIO_NET_F_GUEST_ECN) | BIT(VIRTIO_NET_F_HOST_TSO4) | BIT(VIRTIO_NET_F_HOST_TSO6) | \
     BIT(VIRTIO_NET_F_HOST_ECN) | BIT(VIRTIO_F_RING_INDIRECT))
#define GUEST_TSO (BIT(VIRTIO_NET_F_GUEST_TSO4) | BIT(VIRTIO_NET_F_GUEST_TSO6))

#define HEADER  10
#define LONGEST 65550
#define PARTS   17 /* pages that hold both */

int
entropy_read(void *to, size_t size, uint64_t deadline)
{
    (void)deadline;
    memset(to, 0x5a, size);
    return 0;
}

/* ---- the user of the card: one chain of pages ---- */

static uint8_t *chain;
static unsigned frames, released;
static uint32_t last_len;
static struct net_meta last_meta;

static void
received(void *arg, void *const *tokens, const uint32_t *lens, unsigned n,
         const struct net_meta *meta)
{
    (void)arg;
    assert_ptr_equal(tokens[0], &chain);
    assert_int_equal(n, 1);
    frames++;
    last_len = lens[0];
    last_meta = *meta;
}

static void
rx_released(void *arg, void *token)
{
    (void)arg;
    assert_ptr_equal(token, &chain);
    released++;
}

static const struct net_user user = {.received = received, .rx_released = rx_released};

static struct net_device *
card(void)
{
    struct virtio_net *n = virtio_device_next(NULL)->driver_data;

    return &n->dev;
}

static int
post(void)
{
    struct sg parts[PARTS];

    for (unsigned i = 0; i < PARTS; i++)
        parts[i] = (struct sg){chain + i * PAGE_SIZE, PAGE_SIZE};
    int error = card()->rx_post(card(), parts, PARTS, &chain);
    card()->kick(card());
    return error;
}

/* ---- the device ---- */

static int
setup(void **state)
{
    (void)state;
    model_machine_reset();
    model_host_boot();
    chain = pages_alloc(PARTS);
    assert_non_null(chain);
    frames = released = 0;
    return 0;
}

static struct model *
plug(uint64_t features)
{
    static const uint8_t config[] = {0x52, 0x54, 0, 1, 2, 3, 0xff, 0xff, 0xff, 0xff};
    struct model *m = model_new(&(struct model_setup){
        .bus = MODEL_LGUEST,
        .type = VIRTIO_ID_NET,
        .features = features,
        .feature_len = 4,
        .config = config,
        .config_len = sizeof(config),
        .nr_queues = 2,
    });

    shim_discover();
    model_run();
    card()->user = user;
    return m;
}

/* A frame of `len` bytes into the buffer that waits, cut where that ends, as the host's
 * read does. */
static void
arrive(struct model *m, struct virtio_net_hdr header, uint32_t len)
{
    static uint8_t frame[100000];
    struct model_chain c;

    for (uint32_t i = 0; i < len; i++)
        frame[i] = (uint8_t)(i * 7 + i / 256);
    assert_true(model_pop(m, 0, &c));
    model_write(&c, 0, &header, HEADER);
    size_t written = model_write(&c, HEADER, frame, len);
    model_push(m, 0, c.head, (uint32_t)(HEADER + written));
    model_run();
    if (frames && written)
        assert_memory_equal(chain + HEADER, frame, written);
}

/* ---- what is negotiated ---- */

static void
test_negotiated(void **state)
{
    (void)state;
    struct model *m = plug(OFFER);
    assert_true(model_accepted(m) ==
                (OFFER & ~(BIT(VIRTIO_NET_F_HOST_TSO4) | BIT(VIRTIO_NET_F_HOST_TSO6) |
                           BIT(VIRTIO_NET_F_HOST_ECN))));
    assert_int_equal(card()->rx_headroom, HEADER);
    assert_int_equal(card()->rx_min, HEADER + LONGEST);
    assert_in_range(card()->rx_chain_max, PARTS, NET_MAX_PARTS);
    assert_true(card()->tx_csum && card()->rx_csum);
    assert_int_equal(card()->mtu, 1500);
    assert_memory_equal(card()->mac, "\x52\x54\0\1\2\3", 6);
    model_assert_clean();
}

/* Row 21: every subset of the offer; the model knows what needs what. */
static void
test_subsets(void **state)
{
    for (unsigned set = 0; set < 1024; set++) {
        uint64_t features = 0, rest = OFFER;
        for (unsigned i = 0; i < 10; i++, rest &= rest - 1)
            if (set >> i & 1)
                features |= rest & -rest;
        setup(state);
        struct model *m = plug(features);
        uint64_t accepted = model_accepted(m);
        assert_true(card()->rx_min == HEADER + (accepted & GUEST_TSO ? LONGEST : 1514));
        assert_true(!(accepted & GUEST_TSO) || card()->rx_csum);
        if (features & BIT(VIRTIO_NET_F_GUEST_CSUM))
            assert_true((accepted & GUEST_TSO) == (features & GUEST_TSO));
        model_assert_clean();
        pages_free(chain, PARTS);
    }
}

/* ---- frames ---- */

/* Rows 43 and 44: the header, ten bytes, in a descriptor of its own, the frame right behind it
 * in memory, all of it in one indirect table. */
static void
test_buffer(void **state)
{
    struct model_chain c;
    struct sg short_part = {chain, HEADER + LONGEST - 1};

    (void)state;
    struct model *m = plug(OFFER);
    assert_int_equal(card()->rx_post(card(), &short_part, 1, &chain), -EINVAL);
    assert_int_equal(post(), 0);
    assert_int_equal(model_waiting(m, 0), 1);
    assert_true(model_pop(m, 0, &c));
    assert_int_equal(c.nr_out, 0);
    assert_int_equal(c.nr_in, PARTS + 1);
    assert_ptr_equal(c.parts[0].base, chain);
    assert_int_equal(c.parts[0].len, HEADER);
    assert_ptr_equal(c.parts[1].base, chain + HEADER);
    assert_true(model_writable(&c) >= HEADER + LONGEST);
    model_assert_clean();
}

/* Row 45. */
static void
test_lengths(void **state)
{
    static const uint32_t lens[] = {14, 60, 1514, 1515, 4086, 4087, 65535, 65536, 65549, 65550};

    (void)state;
    struct model *m = plug(OFFER);
    for (unsigned i = 0; i < ARRAY_SIZE(lens); i++) {
        assert_int_equal(post(), 0);
        arrive(m, (struct virtio_net_hdr){0}, lens[i]);
        assert_int_equal(frames, i + 1);
        assert_int_equal(last_len, lens[i]);
    }
    model_assert_clean();
}

/* Row 49: a gathered segment, whose checksum is partial, and wrong places for it. */
static void
test_gathered(void **state)
{
    struct virtio_net_hdr header = {.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
                                    .gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
                                    .hdr_len = 54,
                                    .gso_size = 1448,
                                    .csum_start = 34,
                                    .csum_offset = 16};

    (void)state;
    struct model *m = plug(OFFER);
    assert_int_equal(post(), 0);
    arrive(m, header, 65000);
    assert_int_equal(frames, 1);
    assert_true(last_meta.csum_valid && last_meta.csum_partial);
    assert_int_equal(last_meta.csum_start, 34);
    assert_int_equal(last_meta.csum_offset, 16);
    header.csum_start = 64990;
    assert_int_equal(post(), 0);
    arrive(m, header, 65000);
    assert_int_equal(frames, 1);
    assert_int_equal(released, 1);
    assert_int_equal(card()->counters.rx_bad, 1);
    model_assert_clean();
}

/* A host without indirect descriptors: a chain takes descriptors of the ring, as many as there
 * are. */
static void
test_direct(void **state)
{
    unsigned posted = 0;

    (void)state;
    struct model *m = plug(OFFER & ~BIT(VIRTIO_F_RING_INDIRECT));
    while (post() == 0)
        posted++;
    assert_int_equal(posted, LGUEST_VRING_SIZE / (PARTS + 1));
    arrive(m, (struct virtio_net_hdr){0}, 65549);
    assert_int_equal(last_len, 65549);
    assert_int_equal(post(), 0);
    model_assert_clean();
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        TEST(test_negotiated), TEST(test_subsets),  TEST(test_buffer),
        TEST(test_lengths),    TEST(test_gathered), TEST(test_direct),
    };
    return cmocka_run_group_tests_name("net_lguest", tests, NULL, NULL);
}

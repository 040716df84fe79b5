/*
 * What the virtio network driver makes of a frame, against the model: headers byte by byte,
 * buffers, lengths and checksums (checklist rows 9, 43, 44, 47, 49).
 */
#include "net_bed.h"

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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * How a card lives, against the model: buffers on both ways never run dry, changes reach the
 * user, and the books are right after every reset (checklist rows 3, 30, 31, 46, 48, 61).
 */
#include "net_bed.h"
#include "slip.h"

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

/* A device that has half of the ring to write to need not hear of the rest. One that has come to the
 * end of what it was told of does, even if nothing is posted at that moment. */
static void
buffers_are_told_of_by_halves(void **state)
{
    struct virtio_net_hdr h = {.flags = 0};
    uint8_t frame[60] = {1};
    struct model *m = plug(0);
    unsigned told = model_notified(m, RX);

    (void)state;
    for (unsigned i = 0; i < RING / 2 - 1; i++)
        deliver(m, &h, frame, sizeof(frame));
    assert_int_equal(model_notified(m, RX), told);
    deliver(m, &h, frame, sizeof(frame));
    assert_int_equal(model_notified(m, RX), told + 1);
    deliver(m, &h, frame, sizeof(frame));
    have_memory = false;
    for (unsigned i = 0; i < RING - 1; i++)
        deliver(m, &h, frame, sizeof(frame));
    assert_int_equal(posted(), 1);
    assert_true(model_notified(m, RX) > told + 1);
    assert_int_equal(frames, RING / 2 + RING);
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
    shim_discover();
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
    assert_int_equal(card()->tx_chain_max, RING - 1);
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
        cmocka_unit_test_setup(refill_is_asked_for_again_when_there_was_no_memory, setup),
        cmocka_unit_test_setup(buffers_are_told_of_by_halves, setup),
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

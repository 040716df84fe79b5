/*
 * What is known of a disk, and how it lives, against the model: serial, resizes, silence,
 * resets and lies; each accepted request ends once (checklist rows 30, 31, 52, 56, 57, 60, 61).
 */
#include "block_bed.h"

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
    assert_int_equal(disk_transfer(disk(), DISK_READ, 8, data, sizeof(data)), -EINVAL);
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
    assert_int_equal(disk_transfer(disk(), DISK_READ, 0, data, sizeof(data)), -ETIMEDOUT);
    assert_true(clock_now() - begin < 2 * SECONDS);
    hold = false;
    assert_int_equal(disk_transfer(disk(), DISK_READ, 0, data, sizeof(data)), 0);
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
    assert_int_equal(disk_transfer(disk(), DISK_READ, 0, data, sizeof(data)), 0);
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

/* A ring that was full of indirect requests holds fewer when a table cannot be allocated after
 * a reset: the rest waits for room, and nobody is told "no room" for a request in flight. */
static void
a_ring_with_less_room_after_a_reset_loses_no_request(void **state)
{
    enum { N = 8 };
    struct order o[N], extra;
    bool waited = false;

    for (int n = 0; n < 12; n++) {
        setup(state);
        struct model *m =
            plug_on(MODEL_PCI_MODERN, FEATURES | BIT(VIRTIO_F_RING_INDIRECT), &usual, N);
        hold = true;
        for (unsigned i = 0; i < N; i++)
            assert_int_equal(submit(&o[i], DISK_READ, i, 512), 0);
        shim_memory_fail_after(n);
        model_needs_reset(m);
        model_run();
        shim_memory_fail_after(-1);
        bool up = model_status(m) & VIRTIO_STATUS_DRIVER_OK;
        if (!list_empty(&block()->waiting)) {
            waited = true;
            assert_int_equal(submit(&extra, DISK_READ, 0, 512), -ENOSPC);
            drop(&extra);
        }
        hold = false;
        serve(m, 0, NULL);
        model_run();
        for (unsigned i = 0; i < N; i++) {
            assert_int_equal(o[i].done, 1);
            assert_int_equal(o[i].request.status, up ? 0 : -EIO);
            drop(&o[i]);
        }
        model_assert_clean();
    }
    assert_true(waited);
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
    assert_int_equal(disk_transfer(disk(), DISK_READ, 0, data, sizeof(data)), -EIO);
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
    /* For good: it is not brought up for a driver that does not use it any more. */
    assert_true(model_status(m) & VIRTIO_STATUS_FAILED);
    assert_false(model_status(m) & VIRTIO_STATUS_DRIVER_OK);
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
        assert_int_equal(disk_transfer(disk(), DISK_READ, 0, data, sizeof(data)), 0);
        assert_memory_equal(data, medium, sizeof(data));
        model_needs_reset(m);
        model_run();
        assert_int_equal(disk_transfer(disk(), DISK_READ, 0, data, sizeof(data)), 0);
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

    for (unsigned i = 0; i < 30; i++) {
        setup(state);
        plug(FEATURES, &usual);
    }
    while ((d = disk_next(d))) {
        assert_ptr_equal(disk_find(d->name), d);
        last = d;
        n++;
    }
    assert_ptr_equal(last, disk());
    assert_string_equal(disk_next(NULL)->name, "vda");
    assert_int_equal(strlen(last->name), 4); /* beyond vdz */
    assert_null(disk_find("vdzz"));
    assert_true(n >= 30);
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
            assert_int_equal(disk_transfer(disk(), DISK_READ, 0, data, sizeof(data)), 0);
        model_assert_clean();
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_serial_of_20_characters_needs_no_terminator, setup),
        cmocka_unit_test_setup(a_transport_may_forbid_get_id, setup),
        cmocka_unit_test_setup(a_resize_is_noticed, setup),
        cmocka_unit_test_setup(silence_costs_a_reset_and_a_clear_error, setup),
        cmocka_unit_test_setup(the_time_a_request_may_take_can_be_set, setup),
        cmocka_unit_test_setup(a_late_answer_hits_memory_that_is_still_there, setup),
        cmocka_unit_test_setup(a_device_that_asks_for_a_reset_loses_no_request, setup),
        cmocka_unit_test_setup(a_ring_with_less_room_after_a_reset_loses_no_request, setup),
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

/*
 * The requests of the virtio block device and the synchronous calls above them, against the
 * model: bytes of the chains, status, ranges and limits (checklist rows 3, 9, 51 to 55, 57).
 */
#include "block_bed.h"
#include "slip.h"

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
            assert_int_equal(disk_transfer(disk(), DISK_WRITE, at, data, sectors * 512), 0);
        } else {
            memset(data, 0, sectors * 512);
            assert_int_equal(disk_transfer(disk(), DISK_READ, at, data, sectors * 512), 0);
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
        assert_int_equal(disk_transfer(disk(), DISK_READ, 0, data, sizeof(data)),
                         cases[i].error);
        assert_int_equal(disk_transfer(disk(), DISK_WRITE, 0, data, sizeof(data)),
                         cases[i].error);
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
    assert_int_equal(disk_transfer(disk(), DISK_READ, 0, data, sizeof(data)), -EIO);
    cut = 0;
    assert_int_equal(disk_transfer(disk(), DISK_READ, 0, data, sizeof(data)), 0);
}

static void
a_legacy_device_may_say_any_length(void **state)
{
    uint8_t data[1024];

    (void)state;
    plug_on(MODEL_PCI_LEGACY, FEATURES, &usual, 0);
    cut = 1025;
    assert_int_equal(disk_transfer(disk(), DISK_READ, 7, data, sizeof(data)), 0);
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
        {BIT(32), 1, -EINVAL},
        {BIT(55) + 1, 1, -EINVAL},
    };
    uint8_t data[1024];
    struct order o;

    (void)state;
    plug(FEATURES, &usual);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        unsigned before = asked[VIRTIO_BLK_T_IN];
        int error =
            disk_transfer(disk(), DISK_READ, cases[i].sector, data, cases[i].sectors * 512);
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
    static uint8_t data[4096];
    struct order o;

    (void)state;
    plug(BIT(VIRTIO_BLK_F_BLK_SIZE), &config);
    assert_int_equal(disk()->block_size, 4096);
    assert_int_equal(disk_transfer(disk(), DISK_READ, SECTORS - 8, data, sizeof(data)), 0);
    assert_memory_equal(data, medium + (SECTORS - 8) * 512, sizeof(data));
    assert_int_equal(disk_transfer(disk(), DISK_READ, SECTORS, data, sizeof(data)), -EINVAL);
    assert_int_equal(submit(&o, DISK_READ, SECTORS - 8, 8192), -EINVAL);
    drop(&o);
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
    assert_int_equal(disk_transfer(disk(), DISK_READ, 0, data, 511), -EINVAL);
    assert_int_equal(disk_transfer(disk(), DISK_READ, 0, data, 0), 0);
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
    assert_int_equal(disk_transfer(disk(), DISK_WRITE, 0, data, sizeof(data)), -EROFS);
    assert_int_equal(submit(&o, DISK_WRITE, 0, 512), -EROFS);
    drop(&o);
    assert_int_equal(asked[VIRTIO_BLK_T_OUT], 0);
    assert_int_equal(disk_transfer(disk(), DISK_READ, 0, data, sizeof(data)), 0);
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
        assert_int_equal(disk_transfer(disk(), DISK_READ, 3, data, sizeof(data)), 0);
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
    assert_true(shim_log_has("no block of 512 bytes fits"));
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
    assert_int_equal(disk_transfer(disk(), DISK_READ, 0, data, sizeof(data)), 0);
    assert_memory_equal(data, medium, sizeof(data));
    assert_true(asked[VIRTIO_BLK_T_IN] > 4);
    model_assert_clean();
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

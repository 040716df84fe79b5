/*
 * The virtio block device's logical blocks (virtio 1.2, 5.2.4), against the model: what a device
 * may say of them, and that every request is whole ones (checklist row 53).
 */
#include "block_bed.h"

#define BLOCK_FEATURES (FEATURES | BIT(VIRTIO_BLK_F_BLK_SIZE))

static void
a_block_size_that_makes_no_sense_is_refused(void **state)
{
    static const uint32_t sizes[] = {0,    1,    256,  511,      513,      520,
                                     3000, 4097, 8192, 1u << 21, 1u << 31, UINT32_MAX};

    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        const struct virtio_blk_config config = {.capacity = SECTORS, .blk_size = sizes[i]};
        setup(state);
        struct model *m = plug(BLOCK_FEATURES, &config);
        assert_true(model_status(m) & VIRTIO_STATUS_FAILED);
        assert_true(shim_log_has("the disk is not used"));
        model_assert_clean();
        /* Nobody looks at the field when the feature is not there (5.2.5.2). */
        setup(state);
        m = plug(FEATURES, &config);
        assert_true(model_status(m) & VIRTIO_STATUS_DRIVER_OK);
        assert_int_equal(disk()->block_size, 512);
    }
}

static void
refused(uint64_t sector, size_t len)
{
    static uint8_t data[1 << 16];
    unsigned before = asked[VIRTIO_BLK_T_IN] + asked[VIRTIO_BLK_T_OUT];
    struct order o;

    assert_int_equal(disk_transfer(disk(), DISK_READ, sector, data, len), -EINVAL);
    assert_int_equal(disk_transfer(disk(), DISK_WRITE, sector, data, len), -EINVAL);
    assert_int_equal(submit(&o, DISK_READ, sector, len), -EINVAL);
    drop(&o);
    assert_int_equal(submit(&o, DISK_WRITE, sector, len), -EINVAL);
    drop(&o);
    assert_int_equal(asked[VIRTIO_BLK_T_IN] + asked[VIRTIO_BLK_T_OUT], before);
}

static void
requests_cover_whole_blocks(void **state)
{
    static const struct {
        uint32_t block, seg_max, size_max;
        uint16_t queue;
    } cases[] = {{512, 62, 1536, 64},  {1024, 2, 512, 64},        {2048, 62, 1000, 64},
                 {4096, 8, 512, 64},   {4096, 1, 4096, 64},       {4096, 254, 5000, 4},
                 {4096, 254, 520, 16}, {4096, 254, 1u << 20, 256}};
    static uint8_t data[320 * 512];

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct virtio_blk_config config = {.capacity = SECTORS,
                                                 .blk_size = cases[i].block,
                                                 .seg_max = cases[i].seg_max,
                                                 .size_max = cases[i].size_max};
        uint64_t block = cases[i].block / 512;
        setup(state);
        whole = cases[i].block;
        plug_on(MODEL_PCI_MODERN, BLOCK_FEATURES | BIT(VIRTIO_BLK_F_SIZE_MAX), &config,
                cases[i].queue);
        assert_int_equal(disk()->block_size, whole);
        assert_int_equal(disk_transfer(disk(), DISK_READ, 3 * block, data, sizeof(data)), 0);
        assert_memory_equal(data, medium + 3 * whole, sizeof(data));
        memset(data, (int)i, whole);
        assert_int_equal(disk_transfer(disk(), DISK_WRITE, SECTORS - block, data, whole), 0);
        assert_memory_equal(medium + (SECTORS - block) * 512, data, whole);
        refused(SECTORS, whole);
        if (block > 1) {
            refused(1, whole);
            refused(0, 512);
            refused(0, whole + 512);
            refused(block - 1, 512);
        }
        assert_true(longest_part <= cases[i].size_max);
        model_assert_clean();
    }
}

static void
a_device_whose_requests_hold_no_block_is_refused(void **state)
{
    static const struct {
        uint32_t seg_max, size_max;
        uint16_t queue;
    } cases[] = {{7, 512, 64}, {1, 4095, 64}, {62, 1024, 4}, {62, 512, 8}, {62, 1u << 20, 2}};

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct virtio_blk_config config = {.capacity = SECTORS,
                                                 .blk_size = 4096,
                                                 .seg_max = cases[i].seg_max,
                                                 .size_max = cases[i].size_max};
        setup(state);
        struct model *m = plug_on(MODEL_PCI_MODERN, BLOCK_FEATURES | BIT(VIRTIO_BLK_F_SIZE_MAX),
                                  &config, cases[i].queue);
        assert_true(model_status(m) & VIRTIO_STATUS_FAILED);
        assert_true(shim_log_has("no block of 4096 bytes fits"));
    }
}

/* The rest that is no whole block is left out, and so is what no byte's address reaches. */
static void
a_capacity_is_whole_blocks(void **state)
{
    const struct virtio_blk_config config = {.capacity = 2047, .blk_size = 4096};
    const struct virtio_blk_config endless = {.capacity = UINT64_MAX, .blk_size = 4096};
    const struct virtio_blk_config tiny = {.capacity = 7, .blk_size = 4096};

    (void)state;
    struct model *m = plug(BLOCK_FEATURES, &config);
    assert_int_equal(disk()->capacity, 2040);
    assert_true(shim_log_has("the last 7 sectors make no block of 4096 bytes"));
    refused(2040, 4096);
    model_config_set(m, 0, &(uint64_t){1001}, 8);
    model_run();
    assert_int_equal(disk()->capacity, 1000);
    assert_true(shim_log_has("now 1000 sectors"));

    setup(state);
    plug(BLOCK_FEATURES, &endless);
    assert_int_equal(disk()->capacity, BIT(54) - 8);
    refused(BIT(54), 4096);

    setup(state);
    plug(BLOCK_FEATURES, &tiny);
    assert_int_equal(disk()->capacity, 0);
    refused(0, 4096);
}

/* Somebody may be half-way through a block of the old size. */
static void
a_block_size_does_not_change(void **state)
{
    const struct virtio_blk_config config = {.capacity = SECTORS, .blk_size = 512};
    uint8_t data[512];

    (void)state;
    struct model *m = plug(BLOCK_FEATURES, &config);
    assert_int_equal(disk_transfer(disk(), DISK_READ, 1, data, sizeof(data)), 0);
    model_config_set(m, offsetof(struct virtio_blk_config, blk_size), &(uint32_t){4096}, 4);
    model_run();
    assert_int_equal(disk()->block_size, 512);
    model_needs_reset(m);
    model_run();
    assert_true(model_status(m) & VIRTIO_STATUS_FAILED);
    assert_int_equal(disk()->block_size, 512);
    assert_int_equal(disk_transfer(disk(), DISK_READ, 1, data, sizeof(data)), -EIO);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_block_size_that_makes_no_sense_is_refused, setup),
        cmocka_unit_test_setup(requests_cover_whole_blocks, setup),
        cmocka_unit_test_setup(a_device_whose_requests_hold_no_block_is_refused, setup),
        cmocka_unit_test_setup(a_capacity_is_whole_blocks, setup),
        cmocka_unit_test_setup(a_block_size_does_not_change, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

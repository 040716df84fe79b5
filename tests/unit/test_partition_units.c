/*
 * What the numbers of a partition table count: logical blocks, of this disk or of the one that
 * the table was made on.
 */
#include "partition_bed.h"

static void
gpt_in_either_unit(void **state)
{
    for (unsigned i = 0; i < 16; i++) {
        wipe(state);
        unit = 1u << i / 4;
        block_size = 512u << i % 4;
        unsigned last = SECTORS / unit - 1, array = 128 * 128 / 512 / unit;
        gpt_put(2, 0, 100, 199);
        gpt_put(2, 5, last - 40, last);
        gpt(1, 2);
        assert_int_equal(scan(), 2);
        assert_found(0, 1, 100 * unit, 100 * unit);
        assert_found(1, 6, (last - 40) * unit, 41 * unit);
        gpt_put(last - array, 3, 7, 7);
        gpt(last, last - array);
        disk[2 * unit][40] ^= 1; /* and the second copy as well */
        assert_int_equal(scan(), 1);
        assert_found(0, 4, 7 * unit, unit);
    }
}

/* What is left of an older table in another unit does not count. */
static void
gpt_in_the_disks_own_unit_comes_first(void **state)
{
    (void)state;
    unit = 8;
    gpt_put(2, 0, 100, 199);
    gpt(1, 2);
    unit = 1;
    gpt_put(16 + 32, 1, 300, 399);
    gpt(1, 16 + 32);
    assert_int_equal(scan(), 1);
    assert_found(0, 2, 300, 100);
    block_size = 4096;
    assert_int_equal(scan(), 1);
    assert_found(0, 1, 800, 800);
}

/* An array that ends with the disk, and one that ends behind it. */
static void
gpt_array_lies_within_the_disk(void **state)
{
    for (unsigned u = 1; u <= 8; u *= 2) {
        wipe(state);
        unit = u;
        unsigned at = (SECTORS - 32) / unit;
        gpt_put(at, 0, 100, 199);
        gpt(1, at);
        assert_int_equal(scan(), 1);
        put64(disk[unit] + 72, at + 1);
        put32(disk[unit] + 16, 0);
        put32(disk[unit] + 16, reference_crc(disk[unit], 92));
        assert_int_equal(scan(), 0);
    }
}

static void
mbr_in_either_unit(void **state)
{
    (void)state;
    for (unit = 1, block_size = 512; unit <= 8; unit *= 2, block_size *= 2) {
        memset(disk, 0, sizeof(disk));
        mbr(0, 0, 0x83, 64, SECTORS / unit - 64);
        assert_int_equal(scan(), 1);
        assert_found(0, 1, 64 * unit, SECTORS - 64 * unit);
        /* It cannot be meant so when that leads out of the disk, if by one block. */
        mbr(0, 0, 0x83, 64, SECTORS / unit - 63);
        assert_int_equal(scan(), unit > 1);
        if (unit > 1)
            assert_found(0, 1, 64, SECTORS / unit - 63);
        mbr(0, 1, 0x83, 0, SECTORS + 1);
        assert_int_equal(scan(), 0);
    }
}

static void
logical_chain_in_blocks(void **state)
{
    (void)state;
    block_size = 4096;
    mbr(0, 0, 0x83, 8, 8);
    mbr(0, 1, 0x0f, 100, 400);
    mbr(100 * 8, 0, 0x83, 2, 20);
    mbr(100 * 8, 1, 0x05, 50, 100);
    mbr(150 * 8, 0, 0x83, 1, 362);
    mbr(150 * 8, 1, 0x05, 412, 100); /* out of the disk, in blocks */
    assert_int_equal(scan(), 2);
    assert_found(0, 1, 64, 64);
    assert_found(1, 5, 102 * 8, 20 * 8);
    mbr(150 * 8, 0, 0x83, 1, 361);
    assert_int_equal(scan(), 3);
    assert_found(2, 6, 151 * 8, 361 * 8);
    /* The same chain by the sector. */
    mbr(0, 0, 0x83, 8, SECTORS - 8);
    mbr(100, 0, 0x83, 2, 20);
    assert_int_equal(scan(), 2);
    assert_found(1, 5, 102, 20);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(gpt_in_either_unit),
        TEST(gpt_in_the_disks_own_unit_comes_first),
        TEST(gpt_array_lies_within_the_disk),
        TEST(mbr_in_either_unit),
        TEST(logical_chain_in_blocks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

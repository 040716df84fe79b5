/*
 * Partition tables as bytes: what partitioners write, and what nobody should.
 */
#include "partition_bed.h"

static void
no_table_is_no_partition(void **state)
{
    (void)state;
    assert_int_equal(scan(), 0);
    memset(disk[0], 'x', 512); /* an archive, a text: no signature */
    assert_int_equal(scan(), 0);
    assert_int_equal(reads, 1);
}

static void
mbr_primary(void **state)
{
    (void)state;
    mbr(0, 0, 0x0e, 64, 1000);
    disk[0][446] = 0x80;
    mbr(0, 2, 0x83, 2048, SECTORS - 2048);
    assert_int_equal(scan(), 2);
    assert_found(0, 1, 64, 1000);
    assert_found(1, 3, 2048, SECTORS - 2048);
}

static void
mbr_that_leaves_the_disk_is_none(void **state)
{
    (void)state;
    mbr(0, 0, 0x0e, 64, 1000);
    mbr(0, 1, 0x83, 2048, SECTORS - 2047);
    assert_int_equal(scan(), 0);
    mbr(0, 1, 0x83, 0xffffffff, 0xffffffff);
    assert_int_equal(scan(), 0);
    mbr(0, 1, 0x83, 2048, 0);
    assert_int_equal(scan(), 0);
}

static void
boot_sector_of_a_file_system_is_no_table(void **state)
{
    (void)state;
    mbr(0, 0, 0x0e, 64, 1000);
    disk[0][446 + 16] = 't'; /* where a status byte would be */
    assert_int_equal(scan(), 0);
}

static void
mbr_logical_chain(void **state)
{
    (void)state;
    mbr(0, 0, 0x83, 64, 64);
    mbr(0, 1, 0x0f, 1000, 3000);
    mbr(1000, 0, 0x83, 10, 90);
    mbr(1000, 1, 0x05, 200, 100);
    mbr(1200, 0, 0x83, 5, 50);
    assert_int_equal(scan(), 3);
    assert_found(0, 1, 64, 64);
    assert_found(1, 5, 1010, 90);
    assert_found(2, 6, 1205, 50);
}

static void
logical_chain_in_a_circle_ends(void **state)
{
    (void)state;
    mbr(0, 1, 0x0f, 1000, 3000);
    mbr(1000, 0, 0x83, 10, 90);
    mbr(1000, 1, 0x05, 200, 100);
    mbr(1200, 0, 0x83, 5, 50);
    mbr(1200, 1, 0x05, 0, 100); /* back to the first */
    assert_int_equal(scan(), 2);
    mbr(1200, 1, 0x05, 0xfffffff0, 100); /* out of the disk */
    assert_int_equal(scan(), 2);
}

static void
long_logical_chain_is_bounded(void **state)
{
    (void)state;
    mbr(0, 0, 0x0f, 100, SECTORS - 100);
    for (unsigned i = 0; i < 1000; i++) {
        mbr(100 + 2 * i, 0, 0x83, 1, 1);
        mbr(100 + 2 * i, 1, 0x05, 2 * (i + 1), 2);
    }
    assert_int_equal(scan(), PARTITION_MAX);
    assert_true(reads <= PARTITION_MAX + 1);
}

static void
gpt_first_copy(void **state)
{
    (void)state;
    gpt_put(2, 0, 100, 199);
    gpt_put(2, 127, 300, 300);
    gpt(1, 2);
    assert_int_equal(scan(), 2);
    assert_found(0, 1, 100, 100);
    assert_found(1, 128, 300, 1);
}

static void
gpt_second_copy_when_the_first_is_damaged(void **state)
{
    (void)state;
    gpt_put(2, 0, 100, 199);
    gpt(1, 2);
    gpt_put(SECTORS - 33, 1, 500, 599);
    gpt(SECTORS - 1, SECTORS - 33);
    disk[2][40] ^= 1; /* the first array no longer adds up */
    assert_int_equal(scan(), 1);
    assert_found(0, 2, 500, 100);
    disk[2][40] ^= 1;
    disk[1][60] ^= 1; /* the first header does not */
    assert_int_equal(scan(), 1);
    assert_found(0, 2, 500, 100);
    disk[SECTORS - 1][60] ^= 1;
    assert_int_equal(scan(), 0);
}

static void
gpt_with_wild_numbers(void **state)
{
    (void)state;
    gpt_put(2, 0, 100, 99);              /* ends before it begins */
    gpt_put(2, 1, 0, UINT64_MAX);        /* its length wraps to 0 */
    gpt_put(2, 2, SECTORS - 1, SECTORS); /* one sector too long */
    gpt_put(2, 3, UINT64_MAX, UINT64_MAX);
    gpt_put(2, 4, 700, 700);
    gpt(1, 2);
    assert_int_equal(scan(), 1);
    assert_found(0, 5, 700, 1);

    gpt(1, 2);
    put64(disk[1] + 72, UINT64_MAX - 3); /* where the array is said to be */
    put32(disk[1] + 16, 0);
    put32(disk[1] + 16, reference_crc(disk[1], 92));
    assert_int_equal(scan(), 0);

    gpt(1, 2);
    put32(disk[1] + 80, 0xffffffff); /* how many entries */
    put32(disk[1] + 16, 0);
    put32(disk[1] + 16, reference_crc(disk[1], 92));
    assert_int_equal(scan(), 0);
}

static void
read_errors_are_passed_on(void **state)
{
    (void)state;
    fail_at = 0;
    assert_int_equal(scan(), -EIO);
    gpt_put(2, 0, 100, 199);
    gpt(1, 2);
    fail_at = 3;
    assert_int_equal(scan(), -EIO);
}

static void
tiny_disks(void **state)
{
    (void)state;
    gpt(1, 2);
    for (block_size = 512; block_size <= 4096; block_size *= 2)
        for (end = 0; end < 20; end++)
            assert_int_equal(partition_scan(read_disk, disk, end, block_size, found), 0);
}

/* Any bytes at all: nothing is read outside the disk, and what is found lies inside it. */
static void
random_tables(void **state)
{
    (void)state;
    srand(7);
    for (int round = 0; round < 20000; round++) {
        block_size = 512u << round % 4;
        unit = 1u << rand() % 4;
        for (unsigned s = 0; s < 3; s++)
            for (unsigned i = 0; i < 512; i++)
                disk[s * unit][i] = (uint8_t)(rand() % 4 ? 0 : rand());
        for (unsigned e = 0; e < 4; e++) {
            disk[0][446 + 16 * e] = 0;
            if (rand() % 2)
                mbr(0, e, (uint8_t[]){0x83, 0x05, 0x0f, 0xee}[rand() % 4], (uint32_t)rand() % 4,
                    (uint32_t)rand() % SECTORS);
        }
        if (rand() % 2)
            seal_gpt(1, 2);
        int nr = scan();
        assert_in_range(nr, 0, PARTITION_MAX);
        for (int i = 0; i < nr; i++) {
            assert_true(found[i].count > 0 && found[i].start < SECTORS);
            assert_true(found[i].count <= SECTORS - found[i].start);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_table_is_no_partition),
        TEST(mbr_primary),
        TEST(mbr_that_leaves_the_disk_is_none),
        TEST(boot_sector_of_a_file_system_is_no_table),
        TEST(mbr_logical_chain),
        TEST(logical_chain_in_a_circle_ends),
        TEST(long_logical_chain_is_bounded),
        TEST(gpt_first_copy),
        TEST(gpt_second_copy_when_the_first_is_damaged),
        TEST(gpt_with_wild_numbers),
        TEST(read_errors_are_passed_on),
        TEST(tiny_disks),
        TEST(random_tables),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

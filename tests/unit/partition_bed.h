/*
 * The bed of partition tables: a disk that is an array, and tables written into it. Every read
 * outside it fails the test, so a scan that follows a bad address shows.
 */
#ifndef TESTS_UNIT_PARTITION_BED_H
#define TESTS_UNIT_PARTITION_BED_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lib/fs/partition.h"

#define SECTORS 4096u

static uint8_t disk[SECTORS][512];
static unsigned reads;
static uint64_t fail_at, end;
static struct partition found[PARTITION_MAX];
static uint32_t block_size;
static unsigned unit; /* sectors of what the table that is written counts in */

static int
read_disk(void *arg, uint64_t sector, void *to)
{
    assert_ptr_equal(arg, disk);
    assert_true(sector < end);
    reads++;
    if (sector == fail_at)
        return -EIO;
    memcpy(to, disk[sector], 512);
    return 0;
}

static int
scan(void)
{
    reads = 0;
    end = SECTORS;
    return partition_scan(read_disk, disk, SECTORS, block_size, found);
}

static int
wipe(void **state)
{
    (void)state;
    memset(disk, 0, sizeof(disk));
    fail_at = UINT64_MAX;
    block_size = 512;
    unit = 1;
    return 0;
}

static void
put32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static void
put64(uint8_t *at, uint64_t value)
{
    put32(at, (uint32_t)value);
    put32(at + 4, (uint32_t)(value >> 32));
}

static void
mbr(unsigned sector, unsigned entry, uint8_t type, uint32_t start, uint32_t count)
{
    uint8_t *at = disk[sector] + 446 + 16 * entry;

    at[4] = type;
    put32(at + 8, start);
    put32(at + 12, count);
    disk[sector][510] = 0x55;
    disk[sector][511] = 0xaa;
}

/* Bit by bit, as the polynomial says; the code under test need not be right for this to be. */
static uint32_t
reference_crc(const uint8_t *data, size_t len)
{
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < len * 8; i++) {
        uint32_t bit = (crc ^ (uint32_t)(data[i / 8] >> (i % 8))) & 1;
        crc >>= 1;
        if (bit)
            crc ^= 0xedb88320;
    }
    return ~crc;
}

static void
seal_gpt(uint64_t lba, uint64_t entries)
{
    uint8_t *h = disk[lba * unit];

    put32(h + 88, reference_crc(disk[entries * unit], 128 * 128));
    put32(h + 16, 0);
    put32(h + 16, reference_crc(h, 92));
}

static void
gpt(uint64_t lba, uint64_t entries)
{
    uint8_t *h = disk[lba * unit];

    mbr(0, 0, 0xee, 1, SECTORS / unit - 1);
    memset(h, 0, 512);
    memcpy(h, "EFI PART", 8);
    put32(h + 8, 0x10000);
    put32(h + 12, 92);
    put64(h + 24, lba);
    put64(h + 72, entries);
    put32(h + 80, 128);
    put32(h + 84, 128);
    seal_gpt(lba, entries);
}

static void
gpt_put(uint64_t entries, unsigned n, uint64_t first, uint64_t last)
{
    uint8_t *at = disk[entries * unit + n / 4] + n % 4 * 128;

    memset(at, 0x11, 32);
    put64(at + 32, first);
    put64(at + 40, last);
}

static void
assert_found(int i, unsigned number, uint64_t start, uint64_t count)
{
    assert_int_equal(found[i].number, number);
    assert_int_equal(found[i].start, start);
    assert_int_equal(found[i].count, count);
}

#define TEST(name) cmocka_unit_test_setup(name, wipe)

#endif

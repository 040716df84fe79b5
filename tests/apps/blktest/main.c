/*
 * Works on disks, mostly below the C library, where many requests are in flight at once:
 *
 *   blktest info                       what is known of each disk
 *   blktest random DISK SEED COUNT     random requests of whole blocks, read data compared with a
 *                                      model
 *   blktest bytes DISK SEED             odd ranges of the file /dev/DISK, by several threads
 *   blktest read|write DISK SECTOR N   one request of N sectors; its result
 *   blktest flush DISK                 write a sector, and flush
 *   blktest watch DISK                 wait until the capacity has changed, and print it
 *
 * What `random` does follows from the seed alone, and tests/system/blkmodel.py computes the
 * same again: the operations, what each write leaves, and so the final disk.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "blktest.h"
#include "kernel/enlist.h"
#include "kernel/platform.h"

DEVICE_CLASS_USED(disk);

#define WATCH_TIME (60 * NSEC_PER_SEC)

static int
report(const char *what, int result)
{
    printf("%s: %d\n", what, result);
    return result ? 1 : 0;
}

/* A request first, since the answer about the serial number may still be on its way. */
static void
info(void)
{
    static char block[DISK_BLOCK_MAX];

    for (struct disk_device *d = disk_next(NULL); d; d = disk_next(d))
        if (d->capacity > 0)
            report("first", disk_transfer(d, DISK_READ, 0, block, d->block_size));
    for (struct disk_device *d = disk_next(NULL); d; d = disk_next(d))
        printf("%s: %llu sectors, block %u, parts %u of %u, %s, %s, serial '%s'\n", d->name,
               (unsigned long long)d->capacity, (unsigned)d->block_size, (unsigned)d->max_parts,
               (unsigned)d->max_part, d->read_only ? "read-only" : "writable",
               d->can_flush ? "flush" : "no flush", d->serial);
}

static int
one_request(struct disk_device *d, bool write, uint64_t sector, size_t sectors)
{
    char *data = malloc(sectors * DISK_SECTOR);

    if (!data)
        return report("memory", -1);
    for (size_t i = 0; i < sectors; i++)
        fill_sector(data + i * DISK_SECTOR, 1, (uint32_t)(sector + i));
    if (write)
        return report("write",
                      disk_transfer(d, DISK_WRITE, sector, data, sectors * DISK_SECTOR));
    int result = disk_transfer(d, DISK_READ, sector, data, sectors * DISK_SECTOR);
    if (result == 0)
        printf("data: %02x%02x%02x%02x\n", data[0] & 255, data[1] & 255, data[2] & 255,
               data[3] & 255);
    return report("read", result);
}

static int
watch(struct disk_device *d)
{
    uint64_t before = d->capacity, deadline = clock_now() + WATCH_TIME;

    puts("watching");
    while (d->capacity == before && clock_now() < deadline)
        thread_sleep(10 * NSEC_PER_MSEC);
    printf("capacity: %llu\n", (unsigned long long)d->capacity);
    return d->capacity == before;
}

int
main(int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "";
    struct disk_device *d = argc > 2 ? disk_find(argv[2]) : NULL;
    uint64_t a = argc > 3 ? strtoull(argv[3], NULL, 0) : 0;
    uint32_t n = argc > 4 ? (uint32_t)strtoul(argv[4], NULL, 0) : 1;

    if (strcmp(verb, "info") == 0) {
        info();
        return 0;
    }
    if (!d) {
        puts("no such disk");
        return 2;
    }
    if (strcmp(verb, "random") == 0)
        return random_requests(d, (uint32_t)a, n);
    if (strcmp(verb, "bytes") == 0)
        return write_bytes(argv[2], (uint32_t)a);
    if (strcmp(verb, "read") == 0 || strcmp(verb, "write") == 0)
        return one_request(d, verb[0] == 'w', a, n);
    if (strcmp(verb, "flush") == 0)
        return one_request(d, true, 0, 1) || report("flush", disk_flush(d));
    if (strcmp(verb, "watch") == 0)
        return watch(d);
    puts("what?");
    return 2;
}

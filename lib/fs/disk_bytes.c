/*
 * A disk as bytes. Whole blocks go straight between the disk and the caller's memory; of a block
 * that is wanted in part there is a copy, which is read, and written back by a writer.
 *
 * Relies on disk_transfer of kernel/device.h. On a partition everything is reckoned on
 * the whole disk, since a partition may begin and end within a block.
 */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "kernel/string.h"
#include "lib/fs/fs.h"

/* `len` bytes at `at`, all in one block. */
static int
part_of_block(struct disk_device *d, enum disk_op op, uint64_t at, void *data, size_t len)
{
    size_t offset = (size_t)at & (d->block_size - 1);
    uint64_t sector = (at - offset) / DISK_SECTOR;
    char *block = kmalloc(d->block_size);

    if (!block)
        return -ENOMEM;
    int error = disk_transfer(d, DISK_READ, sector, block, d->block_size);
    if (!error && op == DISK_WRITE) {
        memcpy(block + offset, data, len);
        error = disk_transfer(d, DISK_WRITE, sector, block, d->block_size);
    } else if (!error) {
        memcpy(data, block + offset, len);
    }
    /* A device that was given up may not have let go of it. */
    if (!d->broken)
        kfree(block);
    return error;
}

static int
transfer(struct disk_device *d, enum disk_op op, uint64_t at, char *data, size_t len)
{
    while (len > 0) {
        size_t offset = (size_t)at & (d->block_size - 1), now = len & ~(d->block_size - 1);
        int error;
        if (offset || !now) {
            now = MIN(len, d->block_size - offset);
            error = part_of_block(d, op, at, data, now);
        } else {
            error = disk_transfer(d, op, at / DISK_SECTOR, data, now);
        }
        if (error)
            return error;
        at += now;
        data += now;
        len -= now;
    }
    return 0;
}

/*
 * One who writes a part of a block writes back what it read around it, so it waits until nobody
 * else writes, and nobody begins meanwhile; writers of whole blocks do not wait for each other.
 * The disk's `space` wakes more often than needed, which is why all look again.
 */
static int
write_in_turn(struct disk_device *d, uint64_t at, void *data, size_t len)
{
    bool patch = (at | len) & (d->block_size - 1);

    while (d->patching)
        wait_on(&d->space, TIME_NEVER);
    d->patching = patch;
    while (patch && d->writers > 0)
        wait_on(&d->space, TIME_NEVER);
    d->writers++;
    int error = transfer(d, DISK_WRITE, at, data, len);
    d->writers--;
    if (patch)
        d->patching = false;
    wake_all(&d->space);
    return error;
}

int
fs_disk_bytes(struct disk_device *d, enum disk_op op, uint64_t at, void *data, size_t len)
{
    uint64_t size = d->capacity * DISK_SECTOR;

    if (len == 0)
        return 0;
    if (at >= size || len > size - at)
        return -EINVAL;
    if (op == DISK_WRITE && d->read_only)
        return -EROFS;
    at += d->start * DISK_SECTOR;
    if (d->whole)
        d = d->whole;
    return op == DISK_WRITE ? write_in_turn(d, at, data, len) : transfer(d, op, at, data, len);
}

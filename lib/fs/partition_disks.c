/*
 * A partition as a disk of its own: vda1 is a struct disk_device whose requests go to vda with
 * the sector moved. Runs once, after the disks were found and before anything is mounted.
 */
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/string.h"
#include "lib/fs/fs.h"
#include "lib/fs/partition.h"

/* The driver checks against the whole disk; what leaves the partition is caught here. The
 * sector stays moved until done(): the driver may look at it again. */
static int
partition_submit(struct disk_device *dev, struct disk_request *r)
{
    uint64_t sectors = sg_bytes(r->parts, r->nr_parts) / DISK_SECTOR;

    if (r->sector > dev->capacity || sectors > dev->capacity - r->sector)
        return -EINVAL;
    r->sector += dev->start;
    int error = dev->whole->submit(dev->whole, r);
    if (error)
        r->sector -= dev->start;
    return error;
}

static void
partition_new(struct disk_device *whole, const struct partition *found)
{
    struct disk_device *p = kmalloc(sizeof(*p));

    if (!p) {
        log_error("%s: not enough memory for partition %u", whole->name, found->number);
        return;
    }
    *p = *whole;
    p->counters = (struct disk_counters){0};
    p->whole = whole;
    p->capacity = found->count;
    p->submit = partition_submit;
    p->start = found->start;
    ksnprintf(p->name, sizeof(p->name), "%s%u", whole->name, found->number);
    disk_register(p);
    log_info("%s: %llu sectors at sector %llu", p->name, (unsigned long long)found->count,
             (unsigned long long)found->start);
}

static int
read_sector(void *arg, uint64_t sector, void *to)
{
    return fs_disk_bytes(arg, DISK_READ, sector * DISK_SECTOR, to, DISK_SECTOR);
}

static void
find_partitions(void)
{
    struct partition found[PARTITION_MAX];

    for (struct disk_device *d = disk_next(NULL); d; d = disk_next(d)) {
        if (d->whole)
            continue;
        int nr = partition_scan(read_sector, d, d->capacity, d->block_size, found);
        if (nr < 0)
            log_warn("%s: its partition table cannot be read (error %d)", d->name, -nr);
        for (int i = 0; i < nr; i++)
            partition_new(d, &found[i]);
    }
}

static const struct init_hook partition_init = {.order = 15, .run = find_partitions};
ENLIST(init, partition_init);

const char fs_partitions_linked[1];

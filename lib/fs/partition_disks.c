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

struct partition_disk {
    struct disk_device dev;
    uint64_t start; /* on dev.whole */
};

/* The driver checks against the whole disk; what leaves the partition is caught here. The
 * sector stays moved until done(): the driver may look at it again. */
static int
partition_submit(struct disk_device *dev, struct disk_request *r)
{
    struct partition_disk *p = list_entry(dev, struct partition_disk, dev);
    uint64_t bytes = 0;

    for (unsigned i = 0; i < r->nr_parts; i++)
        bytes += r->parts[i].len;
    if (r->sector > dev->capacity || bytes / DISK_SECTOR > dev->capacity - r->sector)
        return -EINVAL;
    r->sector += p->start;
    int err = dev->whole->submit(dev->whole, r);
    if (err)
        r->sector -= p->start;
    return err;
}

static void
partition_new(struct disk_device *whole, const struct partition *found)
{
    struct partition_disk *p = kmalloc(sizeof(*p));

    if (!p) {
        log_error("%s: not enough memory for partition %u", whole->name, found->number);
        return;
    }
    p->dev = *whole;
    p->dev.counters = (struct disk_counters){0};
    p->dev.whole = whole;
    p->dev.capacity = found->count;
    p->dev.submit = partition_submit;
    p->start = found->start;
    ksnprintf(p->dev.name, sizeof(p->dev.name), "%s%u", whole->name, found->number);
    disk_register(&p->dev);
    log_info("%s: %llu sectors at sector %llu", p->dev.name, (unsigned long long)found->count,
             (unsigned long long)found->start);
}

static int
read_sector(void *arg, uint64_t sector, void *to)
{
    return disk_read(arg, sector, to, DISK_SECTOR);
}

static void
find_partitions(void)
{
    struct partition found[PARTITION_MAX];

    for (struct disk_device *d = disk_next(NULL); d; d = disk_next(d)) {
        if (d->whole)
            continue;
        int nr = partition_scan(read_sector, d, d->capacity, found);
        if (nr < 0)
            log_warn("%s: its partition table cannot be read (error %d)", d->name, -nr);
        for (int i = 0; i < nr; i++)
            partition_new(d, &found[i]);
    }
}

static const struct init_hook partition_init = {.order = 15, .run = find_partitions};
ENLIST(init, partition_init);

const char fs_partitions_linked[1];

/*
 * dev and blk: the devices as drivers see them, out of the kernel's own tables.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "drivers/virtio/virtio.h"
#include "kernel/device.h"
#include "shell.h"

/* Names of the bits, several on a line. */
static void
print_features(const char *title, uint16_t type, uint64_t features)
{
    int column = printf("  %-10s", title);

    for (unsigned bit = 0; bit < 64; bit++) {
        const char *name = virtio_feature_name(type, bit);
        char number[16];
        if (!(features >> bit & 1))
            continue;
        if (!name) {
            snprintf(number, sizeof(number), "bit-%u", bit);
            name = number;
        }
        if (column + 1 + (int)strlen(name) > 78)
            column = printf("\n%12s", "") - 1;
        column += printf(" %s", name);
    }
    printf("\n");
}

static void
print_queue(const struct virtqueue *q)
{
    printf("  queue %u    %s, %u entries%s%s%s\n", q->index, q->name, q->size,
           q->indirect ? ", indirect" : "", q->event_idx ? ", event-idx" : "",
           q->broken ? ", BROKEN" : "");
    printf("             %" PRIu64 " added, %" PRIu64 " used, %" PRIu64 " in flight, %" PRIu64
           " kicks and %" PRIu64 " spared, %" PRIu64 " interrupts, %" PRIu64 " violations\n",
           q->added, q->reaped, q->added - q->reaped, q->kicks, q->kicks_suppressed,
           q->interrupts, q->violations);
}

static const char *
device_state(const struct virtio_device *v)
{
    if (v->failed)
        return "failed";
    if (!v->driver)
        return "no driver";
    return v->running ? "running" : "not running";
}

int
cmd_dev(int argc, char **argv)
{
    struct virtio_device *v = NULL;

    if (argc > 1)
        return command_usage(argv[0]);
    while ((v = virtio_device_next(v))) {
        printf("%s: %s, %s, %s%s%s\n", v->where, virtio_type_name(v->type), v->transport->name,
               device_state(v), v->driver ? ", driver " : "", v->driver ? v->driver->name : "");
        print_features("offered", v->type, v->offered);
        print_features("negotiated", v->type, v->negotiated);
        for (unsigned i = 0; i < VIRTIO_MAX_QUEUES; i++)
            if (v->queues[i])
                print_queue(v->queues[i]);
        printf("  counters   %" PRIu64 " interrupts, %" PRIu64
               " configuration changes, %" PRIu64 " resets\n",
               v->interrupts, v->config_changes, v->resets);
    }
    if (!virtio_device_next(NULL))
        printf("no virtio devices\n");
    return 0;
}

int
cmd_blk(int argc, char **argv)
{
    struct disk_device *disk = NULL;

    if (argc > 1)
        return command_usage(argv[0]);
    while ((disk = disk_next(disk))) {
        const struct disk_counters *c = &disk->counters;
        printf("%s: %" PRIu64 " sectors of %d bytes (%" PRIu64 " KiB), blocks of %" PRIu32
               "%s%s%s\n",
               disk->name, disk->capacity, DISK_SECTOR, disk->capacity / 2, disk->block_size,
               disk->read_only ? ", read-only" : "", disk->can_flush ? ", flush" : "",
               disk->broken ? ", BROKEN" : "");
        printf("  serial     %s\n", disk->serial[0] ? disk->serial : "none");
        printf("  request    up to %" PRIu32 " parts of %" PRIu32 " bytes\n", disk->max_parts,
               disk->max_part);
        printf("  counters   %" PRIu64 " reads (%" PRIu64 " bytes), %" PRIu64
               " writes (%" PRIu64 " bytes), %" PRIu64 " flushes, %" PRIu64 " errors, %" PRIu64
               " time-outs\n",
               c->reads, c->read_bytes, c->writes, c->write_bytes, c->flushes, c->errors,
               c->timeouts);
    }
    if (!disk_next(NULL))
        printf("no disks\n");
    return 0;
}

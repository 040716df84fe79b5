/*
 * Names of device types, for the shell, /status and messages.
 */
#include "drivers/virtio/virtio.h"
#include "kernel/kernel.h"

static const struct {
    uint16_t type;
    const char *name;
} types[] = {
    {VIRTIO_ID_NET, "net"},
    {VIRTIO_ID_BLOCK, "block"},
    {VIRTIO_ID_CONSOLE, "console"},
    {VIRTIO_ID_ENTROPY, "entropy"},
    {5, "balloon"},
    {8, "scsi"},
    {9, "9p"},
    {16, "gpu"},
    {18, "input"},
    {19, "socket"},
    {20, "crypto"},
    {23, "iommu"},
    {24, "memory"},
    {25, "sound"},
    {26, "file system"},
    {27, "pmem"},
};

const char *
virtio_type_name(uint16_t type)
{
    for (unsigned i = 0; i < ARRAY_SIZE(types); i++)
        if (types[i].type == type)
            return types[i].name;
    return "unknown";
}

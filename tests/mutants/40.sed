# row: 40

# name: 40-config-bounds
# file: drivers/virtio/core.c
# test: mmio test_config_bounds
# Offset and length are added, and the sum may wrap.
s/offset <= size \&\& len <= size - offset/offset + len <= size/

# name: 40-empty-slot
# file: drivers/virtio/transport/mmio_find.c
# test: mmio test_empty_slot
# A place without a device is taken for one.
s/why || m->v.type == 0/why/

# name: 40-magic
# file: drivers/virtio/transport/mmio.c
# test: mmio test_magic_and_version
# Any registers are virtio's.
s/!= VIRTIO_MMIO_MAGIC)/== 0)/

# name: 40-page-size
# file: drivers/virtio/transport/mmio.c
# test: core test_bring_up
# Version 1 is not told the page size.
/VIRTIO_MMIO_GUEST_PAGE_SIZE, PAGE_SIZE/d

# name: 40-queue-align
# file: drivers/virtio/transport/mmio.c
# test: core test_bring_up
# Version 1 is not told the alignment.
/VIRTIO_MMIO_QUEUE_ALIGN, QUEUE_ALIGN/d

# name: 40-queue-num
# file: drivers/virtio/transport/mmio.c
# test: core test_bring_up
# The device is not told the size that was chosen.
/VIRTIO_MMIO_QUEUE_NUM, size/d

# name: 40-queue-size
# file: drivers/virtio/transport/mmio.c
# test: mmio test_queue_sizes
# The size is the most that the device can do, whatever that is.
s/MIN(reg_read(v, VIRTIO_MMIO_QUEUE_NUM_MAX), (uint32_t)QUEUE_SIZE_MAX)/reg_read(v, VIRTIO_MMIO_QUEUE_NUM_MAX)/

# name: 40-ready-not-read
# file: drivers/virtio/transport/mmio.c
# test: mmio test_ready_refused
# QueueReady is not read back.
s/return reg_read(v, VIRTIO_MMIO_QUEUE_READY) == 1 ? 0 : -EIO;/return 0;/

# name: 40-version
# file: drivers/virtio/transport/mmio.c
# test: mmio test_magic_and_version
# Any version but 1 is taken for 2.
s/m->version != 1 \&\& m->version != 2/m->version == 0/

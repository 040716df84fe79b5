# file: drivers/virtio/transport/mmio.c
# row: 40
# test: mmio test_queue_sizes
# The size is the most that the device can do, whatever that is.
s/MIN(reg_read(v, VIRTIO_MMIO_QUEUE_NUM_MAX), (uint32_t)QUEUE_SIZE_MAX)/reg_read(v, VIRTIO_MMIO_QUEUE_NUM_MAX)/

# file: drivers/virtio/transport/mmio.c
# row: 40
# test: core test_bring_up
# The device is not told the size that was chosen.
/VIRTIO_MMIO_QUEUE_NUM, size/d

# file: drivers/virtio/transport/mmio.c
# row: 40
# test: core test_bring_up
# Version 1 is not told the alignment.
/VIRTIO_MMIO_QUEUE_ALIGN, QUEUE_ALIGN/d

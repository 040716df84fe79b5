# file: drivers/virtio/transport/mmio.c
# row: 37
# test: core test_traffic
# Nothing is acknowledged.
/reg_write(v, VIRTIO_MMIO_INTERRUPT_ACK, status);/d

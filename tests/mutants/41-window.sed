# file: drivers/virtio/transport/mmio_find.c
# row: 41
# test: mmio test_windows
# A window too small for the registers is taken.
s/p->size <= VIRTIO_MMIO_CONFIG || //

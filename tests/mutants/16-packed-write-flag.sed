# file: drivers/virtio/ring/packed.c
# row: 16
# test: packed test_indirect_bytes
# Readable and writable parts of a table change places.
s/i >= out ? VRING_DESC_F_WRITE/i < out ? VRING_DESC_F_WRITE/

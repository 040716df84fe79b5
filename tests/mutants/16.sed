# row: 16

# name: 16-packed-write-flag
# file: drivers/virtio/ring/packed.c
# test: packed test_indirect_bytes
# Readable and writable parts of a table change places.
s/i >= out ? VRING_DESC_F_WRITE/i < out ? VRING_DESC_F_WRITE/

# name: 16-write-flag
# file: drivers/virtio/ring/ring.h
# test: ring test_direct_bytes
# Readable and writable parts change places.
s/(i >= out ? VRING_DESC_F_WRITE/(i < out ? VRING_DESC_F_WRITE/

# file: drivers/virtio/ring/ring.h
# row: 16
# test: ring test_direct_bytes
# Readable and writable parts change places.
s/(i >= out ? VRING_DESC_F_WRITE/(i < out ? VRING_DESC_F_WRITE/

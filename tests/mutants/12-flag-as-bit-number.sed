# file: drivers/virtio/ring/split.c
# row: 12
# test: ring test_direct_bytes
# A flag value taken for a bit number.
s/= VRING_AVAIL_F_NO_INTERRUPT;/= 1 << VRING_AVAIL_F_NO_INTERRUPT;/

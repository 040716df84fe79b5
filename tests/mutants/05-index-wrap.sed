# file: drivers/virtio/ring/split.c
# row: 5
# test: ring test_wrap
# The difference of two indices is not cut to 16 bits.
s/uint16_t ready = /unsigned ready = /

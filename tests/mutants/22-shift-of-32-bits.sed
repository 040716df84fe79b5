# file: drivers/virtio/virtio.h
# row: 22
# test: features test_negotiated_counts
# A feature test with 32 bits.
s/v->negotiated >> bit & 1/(uint32_t)v->negotiated >> (bit \& 31) \& 1/

# file: drivers/virtio/ring/split.c
# row: 10
# test: ring test_event_idx_exhaustive
# The comparison of event indices is not modulo 2^16.
s/(uint16_t)(r->avail_idx - event - 1)/(r->avail_idx - event - 1)/

# file: drivers/virtio/ring/split.c
# row: 4
# test: ring test_stream
# The used element is read before the index that covers it.
s/^    uint16_t ready = .*/    uint32_t early = ACCESS_ONCE(r->used->ring[r->used_idx \& r->mask].len);\n&/
s/ACCESS_ONCE(e->len)/early/

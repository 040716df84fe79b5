# row: 4

# name: 04-element-before-index
# file: drivers/virtio/ring/split.c
# test: ring test_stream
# The used element is read before the index that covers it.
s/^    uint16_t ready = .*/    uint32_t early = ACCESS_ONCE(r->used->ring[r->used_idx \& r->mask].len);\n&/
s/ACCESS_ONCE(e->len)/early/

# name: 04-packed-half-written
# file: drivers/virtio/ring/packed.c
# test: packed test_flags_half_written
# The USED bit alone is believed.
s/avail == used && used == r->used.wrap/used == r->used.wrap/

# name: 04-packed-other-lap
# file: drivers/virtio/ring/packed.c
# test: packed test_flags_half_written
# A used descriptor of the lap before is taken for a new one.
s/avail == used && used == r->used.wrap/avail == used/

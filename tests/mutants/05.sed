# row: 5

# name: 05-index-wrap
# file: drivers/virtio/ring/split.c
# test: ring test_wrap
# The difference of two indices is not cut to 16 bits.
s/uint16_t ready = /unsigned ready = /

# name: 05-packed-one-place
# file: drivers/virtio/ring/packed.c
# test: packed test_wrap_inside_a_chain
# The next used descriptor is expected at the next place.
s/place_advance(r, &r->used, .*/place_advance(r, \&r->used, 1);/

# name: 05-packed-power-of-2
# file: drivers/virtio/ring/packed.c
# test: packed test_wrap
# Places are masked, as if every size were a power of two.
s/^        at -= r->size;/        at \&= r->size - 1;/

# name: 05-packed-wrap-counter
# file: drivers/virtio/ring/packed.c
# test: packed test_wrap
# The wrap counter does not turn over.
/p->wrap = !p->wrap;/d

# name: 05-packed-wrap-in-chain
# file: drivers/virtio/ring/packed.c
# test: packed test_direct_bytes
# All of a chain gets the wrap counter of its first descriptor.
/^chain_direct/,/^}/s/available(&p)/available(\&r->avail)/

# file: drivers/virtio/ring/packed.c
# row: 5
# test: packed test_wrap_inside_a_chain
# The next used descriptor is expected at the next place.
s/place_advance(r, &r->used, .*/place_advance(r, \&r->used, 1);/

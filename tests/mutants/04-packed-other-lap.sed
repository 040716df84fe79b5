# file: drivers/virtio/ring/packed.c
# row: 4
# test: packed test_flags_half_written
# A used descriptor of the lap before is taken for a new one.
s/avail == used && used == r->used.wrap/avail == used/

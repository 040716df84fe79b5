# file: drivers/virtio/ring/packed.c
# row: 4
# test: packed test_flags_half_written
# The USED bit alone is believed.
s/avail == used && used == r->used.wrap/used == r->used.wrap/

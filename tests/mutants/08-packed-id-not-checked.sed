# file: drivers/virtio/ring/packed.c
# row: 8
# test: packed test_illegal_ids
# An id beyond the ring is used as an index.
s/\*id >= r->size || //

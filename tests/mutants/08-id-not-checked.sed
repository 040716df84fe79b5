# file: drivers/virtio/ring/split.c
# row: 8
# test: ring test_illegal_ids
# An id beyond the ring is used as an index.
s/id >= q->size || //

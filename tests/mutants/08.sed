# row: 8

# name: 08-id-cut-to-16-bits
# file: drivers/virtio/ring/split.c
# test: ring test_illegal_ids
# An id of 32 bits is cut.
s/uint32_t id = /uint16_t id = /

# name: 08-id-not-checked
# file: drivers/virtio/ring/split.c
# test: ring test_illegal_ids
# An id beyond the ring is used as an index.
s/id >= q->size || //

# name: 08-index-jump
# file: drivers/virtio/ring/split.c
# test: ring test_illegal_indices
# The used index may be anything.
s/ready > r->in_flight/false/

# name: 08-not-in-flight
# file: drivers/virtio/ring/split.c
# test: ring test_completed_twice
# A chain may complete twice.
s/ || !r->slots\[id\].chain.token//

# name: 08-packed-id-not-checked
# file: drivers/virtio/ring/packed.c
# test: packed test_illegal_ids
# An id beyond the ring is used as an index.
s/\*id >= r->size || //

# name: 08-packed-not-in-flight
# file: drivers/virtio/ring/packed.c
# test: packed test_completed_twice
# A chain may complete twice.
s/ || !r->slots\[\*id\].chain.token//

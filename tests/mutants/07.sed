# row: 7

# name: 07-free-list-shared
# file: drivers/virtio/ring/split.c
# test: ring test_scribbled_descriptors
# The chain is followed through descriptors that the device can write.
s/^    r->slots\[s->last\].next = r->free_head;/    uint16_t at = head;\n    while (r->desc[at].flags \& VRING_DESC_F_NEXT)\n        at = r->desc[at].next;\n    r->slots[at].next = r->free_head;/

# name: 07-packed-count-shared
# file: drivers/virtio/ring/packed.c
# test: packed test_scribbled_descriptors
# The length of a chain is read from flags that the device can write.
s/r->slots\[id\].chain.count);/r->desc[r->used.at].flags \& VRING_DESC_F_NEXT ? 2 : 1);/

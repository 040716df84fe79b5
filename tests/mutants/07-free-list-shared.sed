# file: drivers/virtio/ring/split.c
# row: 7
# test: ring test_scribbled_descriptors
# The chain is followed through descriptors that the device can write.
s/^    r->slots\[s->last\].next = r->free_head;/    uint16_t at = head;\n    while (r->desc[at].flags \& VRING_DESC_F_NEXT)\n        at = r->desc[at].next;\n    r->slots[at].next = r->free_head;/

# file: drivers/virtio/ring/packed.c
# row: 7
# test: packed test_scribbled_descriptors
# The length of a chain is read from flags that the device can write.
s/r->slots\[id\].chain.count);/r->desc[r->used.at].flags \& VRING_DESC_F_NEXT ? 2 : 1);/

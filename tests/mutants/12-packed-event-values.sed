# file: drivers/virtio/ring/packed.c
# row: 12
# test: packed test_batch
# The kinds of event suppression are taken for bits.
s/flags != VRING_PACKED_EVENT_DISABLE/!(flags \& VRING_PACKED_EVENT_DISABLE)/

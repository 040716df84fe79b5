# row: 12

# name: 12-flag-as-bit-number
# file: drivers/virtio/ring/split.c
# test: ring test_direct_bytes
# A flag value taken for a bit number.
s/= VRING_AVAIL_F_NO_INTERRUPT;/= 1 << VRING_AVAIL_F_NO_INTERRUPT;/

# name: 12-packed-event-values
# file: drivers/virtio/ring/packed.c
# test: packed test_batch
# The kinds of event suppression are taken for bits.
s/flags != VRING_PACKED_EVENT_DISABLE/!(flags \& VRING_PACKED_EVENT_DISABLE)/

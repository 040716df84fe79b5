# row: 10

# name: 10-event-without-cast
# file: drivers/virtio/ring/split.c
# test: ring test_event_idx_exhaustive
# The comparison of event indices is not modulo 2^16.
s/(uint16_t)(r->avail_idx - event - 1)/(r->avail_idx - event - 1)/

# name: 10-packed-event-lap
# file: drivers/virtio/ring/packed.c
# test: packed test_event_exhaustive
# The wrap counter of the event is not looked at.
s/(this_lap ? 0 : r->size)/0/

# name: 10-packed-interrupt-place
# file: drivers/virtio/ring/packed.c
# test: packed test_interrupts_wanted
# The place that an interrupt is wanted from stays where it is.
/^packed_reap/,/^}/s/used_event_write(r);//

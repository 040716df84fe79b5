# file: drivers/virtio/ring/packed.c
# row: 10
# test: packed test_interrupts_wanted
# The place that an interrupt is wanted from stays where it is.
/^packed_reap/,/^}/s/used_event_write(r);//

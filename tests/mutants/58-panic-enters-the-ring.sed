# file: drivers/virtio/device/console.c
# row: 58
# test: console panic_inside_a_write_goes_to_the_early_console
# A panic in the middle of a write enters the ring again.
/^can_queue/,/^}/s/ \&\& !c->in_verb//

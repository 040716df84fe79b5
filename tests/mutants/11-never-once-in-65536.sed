# file: drivers/virtio/ring/split.c
# row: 11
# test: ring test_never_interrupt
# The event index that means never stays where it is.
/^split_reap/,/^}/s/if (q->event_idx) {/if (q->event_idx \&\& r->irq_wanted) {/

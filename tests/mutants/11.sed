# row: 11

# name: 11-never-once-in-65536
# file: drivers/virtio/ring/split.c
# test: ring test_never_interrupt
# The event index that means never stays where it is.
/^split_reap/,/^}/s/if (q->event_idx) {/if (q->event_idx \&\& r->irq_wanted) {/

# file: drivers/virtio/device/net_frames.c
# row: 48
# test: net_life a_full_ring_is_looked_through_without_an_interrupt
# A full ring waits for an interrupt that may not come.
/^full(/,/^}/s/defer_mark(.*);/(void)n;/

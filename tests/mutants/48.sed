# row: 48

# name: 48-no-interrupt-in-flight
# file: drivers/virtio/device/net_frames.c
# test: net_life sent_frames_come_back_although_nothing_more_is_sent
# The interrupt stays off while frames are in flight.
/^net_tx_sent/,/^}/{/in_flight > 0/d;s/defer_mark(.*/;/}

# name: 48-no-look-when-full
# file: drivers/virtio/device/net_frames.c
# test: net_life a_full_ring_is_looked_through_without_an_interrupt
# A full ring waits for an interrupt that may not come.
/^full(/,/^}/s/defer_mark(.*);/(void)n;/

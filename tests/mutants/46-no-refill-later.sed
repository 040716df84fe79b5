# file: drivers/virtio/device/net_frames.c
# row: 46
# test: net_life refill_is_asked_for_again_when_there_was_no_memory
# Nobody asks again after a refill without memory.
/^net_refill/,/^}/{/in_flight == 0/d;/timer_set/d}

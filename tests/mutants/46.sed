# row: 46

# name: 46-last-half-not-told
# file: drivers/virtio/device/net_frames.c
# test: net_life buffers_are_told_of_by_halves
# Buffers that wait to be told of wait for ever when none follows.
/^net_refill/,/^}/s/^ *rx_kick(n);.*//

# name: 46-no-refill-later
# file: drivers/virtio/device/net_frames.c
# test: net_life refill_is_asked_for_again_when_there_was_no_memory
# Nobody asks again after a refill without memory.
/^net_refill/,/^}/{/in_flight == 0/d;/timer_set/d}

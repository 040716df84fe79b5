# file: drivers/virtio/device/net_frames.c
# row: 46
# test: net_life buffers_are_told_of_by_halves
# Buffers that wait to be told of wait for ever when none follows.
/^net_refill/,/^}/s/^ *rx_kick(n);.*//

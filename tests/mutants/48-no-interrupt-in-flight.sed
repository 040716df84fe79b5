# file: drivers/virtio/device/net_frames.c
# row: 48
# test: net_life sent_frames_come_back_although_nothing_more_is_sent
# The interrupt stays off while frames are in flight.
/^net_tx_sent/,/^}/{/in_flight > 0/d;s/defer_mark(.*/;/}

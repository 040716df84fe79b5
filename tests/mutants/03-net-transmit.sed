# file: drivers/virtio/device/net_frames.c
# row: 3
# test: net_life what_slips_in_is_found
# The same for a frame that was sent.
/^net_tx_sent/,/^}/{/in_flight > 0/d;s/defer_mark(.*/vq_irq_on(q);/}

# file: drivers/virtio/device/net_frames.c
# row: 3
# test: net_life what_slips_in_is_found
# A frame that came in before the interrupt was on waits for the next one.
/^net_rx_arrived/,/^}/s/if (vq_irq_on(q))/if (vq_irq_on(q) \&\& 0)/

# row: 31

# name: 31-buffers-not-posted-again
# file: drivers/virtio/device/net.c
# test: net_life a_reset_returns_every_buffer_once_and_goes_on
# A card stays without receive buffers after a reset.
/^net_started/,/^}/s/net_refill(n);//

# name: 31-input-posted-twice
# file: drivers/virtio/device/console.c
# test: console a_reset_keeps_input_and_posts_the_rest_again
# A buffer that holds unread input is given away at a reset.
/^vcon_probe/,/^}/s/if (!c->in_buffers\[i\].held)//

# name: 31-needs-reset-ignored
# file: drivers/virtio/core.c
# test: core test_needs_reset
# DEVICE_NEEDS_RESET is taken for a configuration change.
s/get_status(v) & VIRTIO_STATUS_NEEDS_RESET/get_status(v) \& 0/

# name: 31-output-lost
# file: drivers/virtio/device/console.c
# test: console a_reset_sends_unread_output_again
# Output in flight at a reset is not sent again.
/^output_again/,/^}/s/if (b->in_flight)/if (b->in_flight \&\& 0)/

# name: 31-request-not-posted-again
# file: drivers/virtio/device/block_request.c
# test: block_life silence_costs_a_reset_and_a_clear_error
# A request in flight over a reset is not put onto the new ring.
/^start_again/,/^}/s/return start(b, r);/return 0;/

# name: 31-resets-of-a-life
# file: drivers/virtio/core.c
# test: core test_rare_resets
# Resets are counted over the whole life of a device.
s/v->period_resets = 0;/;/

# name: 31-resets-without-bound
# file: drivers/virtio/core.c
# test: core test_needs_reset_for_ever
# A device may ask for resets for ever.
s/++v->period_resets > RESETS_MAX/++v->period_resets == 0/

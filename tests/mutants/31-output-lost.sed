# file: drivers/virtio/device/console.c
# row: 31
# test: console a_reset_sends_unread_output_again
# Output in flight at a reset is not sent again.
/^output_again/,/^}/s/if (b->in_flight)/if (b->in_flight \&\& 0)/

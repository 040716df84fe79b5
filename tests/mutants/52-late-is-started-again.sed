# file: drivers/virtio/device/block_request.c
# row: 52
# test: block_life silence_costs_a_reset_and_a_clear_error
# The late request is started again instead of ended.
/^start_again/,/^}/s/if (clock_now() < r->deadline)//

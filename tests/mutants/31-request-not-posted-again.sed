# file: drivers/virtio/device/block_request.c
# row: 31
# test: block_life silence_costs_a_reset_and_a_clear_error
# A request in flight over a reset is not put onto the new ring.
/^start_again/,/^}/s/return start(b, r);/return 0;/

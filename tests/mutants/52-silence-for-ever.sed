# file: drivers/virtio/device/block_request.c
# row: 52
# test: block_life silence_costs_a_reset_and_a_clear_error
# Nobody looks at the time.
/^block_late/,/^}/s/virtio_recover(.*);/;/

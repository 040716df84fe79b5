# file: drivers/virtio/device/block.c
# row: 54
# test: block_size a_device_whose_requests_hold_no_block_is_refused
# A request need not hold a block.
/^read_limits/,/^}/s/ || (uint64_t)size_max \* d->max_parts < d->block_size//

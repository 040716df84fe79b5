# row: 54

# name: 54-no-block-fits
# file: drivers/virtio/device/block.c
# test: block_size a_device_whose_requests_hold_no_block_is_refused
# A request need not hold a block.
/^read_limits/,/^}/s/ || (uint64_t)size_max \* d->max_parts < d->block_size//

# name: 54-queue-size
# file: drivers/virtio/device/block.c
# test: block limits_of_the_device_are_kept
# A chain may be longer than the queue.
/^read_limits/,/^}/s/d->max_parts = .*/d->max_parts = seg_max;/

# name: 54-seg-max
# file: drivers/virtio/device/block.c
# test: block limits_of_the_device_are_kept
# SEG_MAX is not kept.
/^read_limits/,/^}/s/seg_max = MIN(seg_max, MAX(offered, 1u));//

# name: 54-size-max
# file: drivers/virtio/device/block.c
# test: block limits_of_the_device_are_kept
# SIZE_MAX is not kept.
/^read_limits/,/^}/s/size_max = MIN(size_max, offered);//

# file: drivers/virtio/device/block.c
# row: 54
# test: block limits_of_the_device_are_kept
# A chain may be longer than the queue.
/^read_limits/,/^}/s/d->max_parts = .*/d->max_parts = seg_max;/

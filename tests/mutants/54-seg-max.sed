# file: drivers/virtio/device/block.c
# row: 54
# test: block limits_of_the_device_are_kept
# SEG_MAX is not kept.
/^read_limits/,/^}/s/seg_max = MIN(seg_max, MAX(offered, 1u));//

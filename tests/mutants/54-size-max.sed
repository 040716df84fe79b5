# file: drivers/virtio/device/block.c
# row: 54
# test: block limits_of_the_device_are_kept
# SIZE_MAX is not kept.
/^read_limits/,/^}/s/size_max = MIN(size_max, offered);//

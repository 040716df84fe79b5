# file: drivers/virtio/device/block.c
# row: 53
# test: block_size a_block_size_that_makes_no_sense_is_refused
# A block may be of any size.
/^read_config/,/^}/s/size < DISK_SECTOR || size > DISK_BLOCK_MAX ||/size == 0 ||/

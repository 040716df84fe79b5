# file: drivers/virtio/device/block.c
# row: 53
# test: block_size a_capacity_is_whole_blocks
# The capacity ends within a block.
/^read_capacity/,/^}/s/ & ~rest//

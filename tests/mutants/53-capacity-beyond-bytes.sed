# file: drivers/virtio/device/block.c
# row: 53
# test: block_size a_capacity_is_whole_blocks
# A capacity in bytes wraps.
/^read_capacity/,/^}/s/MIN(offered, (uint64_t)INT64_MAX \/ DISK_SECTOR)/offered/

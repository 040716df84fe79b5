# file: kernel/device_disk.c
# row: 53
# test: disk_bytes sectors_within_a_block_are_refused
# What begins within a block is begun all the same.
/^transfer_sectors/,/^}/s/& (d->block_size - 1)/\& (DISK_SECTOR - 1)/

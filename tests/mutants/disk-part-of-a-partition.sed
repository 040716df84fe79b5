# file: kernel/device_disk.c
# row: disks
# test: disk_bytes sectors_within_a_block_are_refused
# Blocks are counted from the partition on.
/^transfer_sectors/,/^}/s/d->start + //

# file: lib/fs/partition.c
# row: disks
# test: partition_units logical_chain_in_blocks
# The end of the disk is counted in 512 bytes.
/^set_unit/,/^}/s/capacity >> shift/capacity/

# file: lib/fs/partition.c
# row: disks
# test: partition_units gpt_in_the_disks_own_unit_comes_first
# The unit of 512 bytes comes first.
/^partition_scan/,/^}/s/set_unit(&s, capacity, own)/set_unit(\&s, capacity, gpt ? 0 : own)/

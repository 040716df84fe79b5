# file: lib/fs/partition.c
# row: disks
# test: partition_units gpt_array_lies_within_the_disk
# The array is as many blocks as it is sectors.
/^scan_gpt_entries/,/^}/s/ >> s->shift))/))/

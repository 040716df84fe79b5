# file: lib/fs/partition.c
# row: disks
# test: partition_units gpt_in_either_unit
# A GPT is looked for in the disk's unit alone.
/^partition_scan/,/^}/s/shift = 0; DISK_SECTOR/shift = 9; DISK_SECTOR/

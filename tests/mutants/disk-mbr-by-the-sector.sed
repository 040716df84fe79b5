# file: lib/fs/partition.c
# row: disks
# test: partition_units mbr_in_either_unit
# An MBR counts in 512 bytes.
/^partition_scan/,/^}/s/if (!mbr_fits(&s, entries))/if (true)/

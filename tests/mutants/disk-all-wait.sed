# file: lib/fs/disk_bytes.c
# row: disks
# test: disk_bytes writers_of_whole_blocks_do_not_wait
# Writers of whole blocks wait for each other.
/^write_in_turn/,/^}/s/patch = .*;/patch = true;/

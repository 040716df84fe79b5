# file: lib/fs/disk_bytes.c
# row: disks
# test: disk_bytes writers_of_one_block_lose_nothing
# Two write parts of a block at once.
/^write_in_turn/,/^}/s/while (d->patching)/if (false)/;/^write_in_turn/,/^}/s/while (patch && d->writers > 0)/if (false)/

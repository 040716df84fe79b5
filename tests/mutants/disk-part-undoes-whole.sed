# file: lib/fs/disk_bytes.c
# row: disks
# test: disk_bytes a_part_does_not_undo_the_whole
# Who writes a part does not wait for who writes the whole.
/^write_in_turn/,/^}/s/while (patch && d->writers > 0)/if (false)/

# file: lib/fs/disk_bytes.c
# row: disks
# test: disk_bytes a_part_does_not_undo_the_whole
# Who writes the whole does not wait for who writes a part.
/^write_in_turn/,/^}/s/while (d->patching)/while (patch \&\& d->patching)/

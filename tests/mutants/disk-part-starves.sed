# file: lib/fs/disk_bytes.c
# row: disks
# test: disk_bytes a_part_gets_its_turn
# Others begin while one waits to write a part.
/^write_in_turn/,/^}/{/^    d->patching = patch;/d;s/    d->writers++;/    d->patching = patch;\n&/}

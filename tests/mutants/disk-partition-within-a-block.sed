# file: lib/fs/disk_bytes.c
# row: disks
# test: disk_bytes requests_cover_whole_blocks
# A partition is taken to begin with a block.
/^fs_disk_bytes/,/^}/{/d->start/d;/if (d->whole)/,/d = d->whole/d}

# file: lib/fs/disk_bytes.c
# row: disks
# test: disk_bytes failures_leave_nothing_behind
# A part of a read-only disk is read, and then not written.
/^fs_disk_bytes/,/^}/{/d->read_only/d;/EROFS/d}

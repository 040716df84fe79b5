/*
 * Between the parts of lib/fs that an image has together or not at all: the system calls
 * that look (calls.c, stat.c), those that would change (change.c), /dev (dev.c) and what is mounted
 * at the start (mount.c).
 */
#ifndef FS_CALLS_H
#define FS_CALLS_H

#include "lib/fs/fs.h"

#define AT_FDCWD            (-100)
#define AT_SYMLINK_NOFOLLOW 0x100

/* The canonical directory from which `path` is meant, given the directory's descriptor or
 * AT_FDCWD. -EFAULT, -EBADF, -ENOTDIR. Valid until the caller blocks. */
int fs_base(int dirfd, const char *path, const char **base);
int fs_stat_at(int dirfd, const char *path, bool follow, struct file_stat *out);

extern struct fs_mount fs_dev_mount;

/* calls.c refers to these, and so the rest is linked. */
extern const char fs_partitions_linked[1], fs_mount_linked[1], fs_change_linked[1],
    fs_stat_linked[1];

#endif

/*
 * Between the parts of lib/fs that an image has together or not at all: the system calls
 * that look (calls.c, stat.c, room.c), those that change (change.c, set.c), /dev (dev.c) and what is mounted
 * at the start (mount.c).
 */
#ifndef FS_CALLS_H
#define FS_CALLS_H

#include "lib/fs/fs.h"

#define AT_FDCWD            (-100)
#define AT_SYMLINK_NOFOLLOW 0x100

#define AT_REMOVEDIR      0x200
#define AT_SYMLINK_FOLLOW 0x400
#define AT_EMPTY_PATH     0x1000

/* The canonical directory from which `path` is meant, given the directory's descriptor or
 * AT_FDCWD. -EFAULT, -EBADF, -ENOTDIR, -ENOENT (it was removed). */
int fs_base(int dirfd, const char *path, char base[FS_PATH_MAX]);
/* fs_resolve, fs_stat and fs_open from such a directory. */
int fs_resolve_at(int dirfd, const char *path, enum fs_follow follow, char out[FS_PATH_MAX]);
int fs_stat_at(int dirfd, const char *path, bool follow, struct file_stat *out);
int fs_open_at(int dirfd, const char *path, unsigned flags, uint32_t mode, struct file **out);
/* What umask leaves of the permissions that a program asks for. */
uint32_t fs_masked(uint32_t mode);
/* fs_stat_at, or the descriptor's own file for an empty path and AT_EMPTY_PATH. */
int fs_stat_either(int dirfd, const char *path, int flags, struct file_stat *out);

/* The node of a socket, as mknod makes it. */
long fs_make_socket(const char *path);

extern struct fs_mount fs_dev_mount;

/* calls.c refers to these, and so the rest is linked. */
extern const char fs_partitions_linked[1], fs_mount_linked[1], fs_change_linked[1],
    fs_set_linked[1], fs_stat_linked[1], fs_room_linked[1];

#endif

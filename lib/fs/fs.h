/*
 * File systems under one tree. A file system is mounted on a path ("/" is the first tar
 * archive found) and opens names below it into struct file (lib/libc/file.h). The system
 * calls that take a path (open, stat, access, readlink, chdir...) live here too, so a program
 * that opens nothing carries none of it.
 *
 * Errors are negative errno; calls may block on the disk behind.
 */
#ifndef FS_FS_H
#define FS_FS_H

#include <stddef.h>
#include <stdint.h>
#include "lib/libc/file.h"

struct fs_mount;

/* One kind of file system; paths are relative to the mount, normalised ("a/b", "" for its
 * root), without "." or "..". */
struct fs_type {
    const char *name; /* "tar" */
    int (*open)(struct fs_mount *, const char *path, unsigned flags, unsigned mode,
                struct file **out);
    int (*stat)(struct fs_mount *, const char *path, struct file_stat *out); /* no links followed */
    long (*readlink)(struct fs_mount *, const char *path, char *to, size_t size);
};

struct fs_mount {
    const struct fs_type *type;
    const char *where; /* "/", "/mnt" */
    void *private;
    struct fs_mount *next;
};

/* Takes over the structure; the longest matching `where` wins. -EBUSY if taken. */
int fs_mount(struct fs_mount *);
/* Path of any shape to mount and normalised rest; symbolic links are followed (at most 8),
 * except the last component when `follow` is 0. `rest` has at least FS_PATH_MAX bytes. */
#define FS_PATH_MAX 1024
int fs_resolve(const char *path, int follow, struct fs_mount **mount, char *rest);

#endif

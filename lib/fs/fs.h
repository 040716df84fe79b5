/*
 * File systems under one tree. A file system is mounted on a path and opens names below it
 * into struct file (lib/libc/file.h). "/" is a tar archive from the initrd or a disk
 * (mount.c), "/dev" a table of devices (dev.c), "/proc" texts (proc.c), "/tmp" and its like are memory (tmpfs.c). The
 * system calls that take a path stand on this (calls.c, change.c), so a program that opens
 * nothing carries none of it.
 *
 * A canonical path is absolute, has no ".", "..", empty or linked component, and is "/" or
 * does not end in one. Errors are negative errno. Everything is called from threads and may
 * block on the disk behind.
 */
#ifndef FS_FS_H
#define FS_FS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "kernel/device.h"
#include "lib/libc/file.h"

#define FS_PATH_MAX  FILE_PATH_MAX
#define FS_NAME_MAX  255 /* bytes of one component */
#define FS_LINKS_MAX 40  /* symbolic links followed on the way to one name */

/* Linux's values, for file_stat.mode and directory entries. */
#define FS_STATUS_FLAGS /* of open's flags, what stays with the file */ \
    (FILE_O_ACCMODE | FILE_O_APPEND | FILE_O_NONBLOCK | FILE_O_DIRECTORY | FILE_O_PATH)

#define FS_S_IFMT   0170000
#define FS_S_IFIFO  0010000
#define FS_S_IFCHR  0020000
#define FS_S_IFDIR  0040000
#define FS_S_IFBLK  0060000
#define FS_S_IFREG  0100000
#define FS_S_IFLNK  0120000
#define FS_S_IFSOCK 0140000
#define FS_S_ISGID  02000

struct fs_mount;

/* How much a file system holds, in blocks of its own size; zeroes where nobody knows. */
struct fs_room {
    uint32_t magic; /* Linux's number for the kind */
    uint32_t block_size;
    uint64_t blocks, blocks_free, files, files_free;
};

#define FS_RENAME_NOREPLACE 1u /* -EEXIST if the new name is there */
#define FS_RENAME_EXCHANGE  2u /* both have to be there, and change places */

/* What changes a tree. Parent directories are there, and no name is a mount's; the rest is for
 * these to find out, with the errors of the system calls. They may block on a disk. */
struct fs_changes {
    /* Of any type that `mode` says (FS_S_IF*, permissions); `target` of a symbolic link. */
    int (*create)(struct fs_mount *, const char *path, uint32_t mode, const char *target);
    int (*remove)(struct fs_mount *, const char *path, bool directory);
    int (*rename)(struct fs_mount *, const char *from, const char *to, unsigned flags);
    int (*link)(struct fs_mount *, const char *from, const char *to);
};

/* One kind of file system. Paths are relative to the mount: "a/b", "" for its root. */
struct fs_type {
    const char *name; /* "tar" */
    bool read_only;   /* nothing that it holds can be written */
    /* Open what the path names for what the FILE_O_* flags say; *out has one reference. It is
     * no symbolic link, but with FILE_O_PATH, which only types with changes are given. -ENOENT,
     * -EROFS, -ENOMEM, -EIO. */
    int (*open)(struct fs_mount *, const char *path, unsigned flags, struct file **out);
    int (*stat)(struct fs_mount *, const char *path, struct file_stat *out);
    /* Bytes of the target, at most `size`, no NUL. -EINVAL: no link. NULL: has no links. */
    long (*readlink)(struct fs_mount *, const char *path, char *to, size_t size);
    const struct fs_changes *changes; /* NULL: there are none, and calls get -EROFS */
    void (*room)(struct fs_mount *, struct fs_room *out); /* NULL: nobody knows */
    int (*sync)(
        struct fs_mount *); /* all that was written is on the medium; NULL: it always is */
};

struct fs_mount {
    const struct fs_type *type;
    const char *where; /* canonical */
    unsigned id;       /* fs_mount's: file_stat.device of all that it holds */
    struct fs_mount *next;
};

/* Takes over the structure for good; of nested mounts the longest `where` wins. -EBUSY if
 * the place is taken. */
int fs_mount(struct fs_mount *);
/*
 * A kind of file system that lies on a disk and that an image has only if it was linked with it:
 * ENLIST(fs_kinds, ...). probe: 1 if the disk begins like one, 0 if not, or the error of reading.
 * mount: as fs_mount, with a line on the log if it fails; `where` is kept for good.
 */
struct fs_kind {
    const char *name;
    int (*probe)(struct disk_device *);
    int (*mount)(struct disk_device *, const char *where, bool read_only);
};

/* The mount that holds a canonical path, and the path relative to it; NULL if none does. */
struct fs_mount *fs_find(const char *canonical, const char **rest);
/* The same for the directory that has the name: what is mounted right there is passed over. */
struct fs_mount *fs_find_above(const char *canonical, const char **rest);

/* True of a folder that is there because something is mounted below it. */
bool fs_leads_to_mount(const char *canonical);
/* The next mount in the table, first call with NULL; for those who list them. */
struct fs_mount *fs_next(struct fs_mount *after);
/* The canonical path of what a mount has under this name, which may lie in `out`. -ENAMETOOLONG. */
int fs_path_below(const struct fs_mount *, const char *rest, char out[FS_PATH_MAX]);
/* The wall clock's. */
struct file_time fs_now(void);

int fs_stat_canonical(const char *canonical, struct file_stat *out);

/*
 * `path` of any shape, taken from the canonical directory `base` if it is relative, made
 * canonical. Every component but the last must be a directory; the last need not exist, and
 * is followed if it is a link and `follow` is set (or a "/" stands behind it). -ENOENT,
 * -ENOTDIR, -ELOOP, -ENAMETOOLONG, -EIO, -ENOMEM.
 */
enum fs_follow {
    FS_KEEP_LINK,
    FS_FOLLOW_LINK,
    FS_KEEP_NAME /* not even with a "/" behind: the name itself is meant, to change it */
};
int fs_resolve(const char *base, const char *path, enum fs_follow follow,
               char out[FS_PATH_MAX]);

/* stat and open as the system calls mean them; errors as above, of the type, and -EEXIST,
 * -EISDIR, -EROFS, -EINVAL. `mode` are the permissions of a file that is made. */
int fs_stat(const char *base, const char *path, bool follow, struct file_stat *out);
int fs_open(const char *base, const char *path, unsigned flags, uint32_t mode,
            struct file **out);

/*
 * A file that knows of its canonical path and no more: a folder that only leads to a mount, and
 * what O_PATH gives where nothing can be renamed. -ENOMEM.
 */
int fs_open_place(const char *canonical, unsigned flags, struct file **out);
/* The pread and pwrite of what O_PATH gives. */
long fs_no_pread(struct file *, void *to, size_t len, uint64_t at);
long fs_no_pwrite(struct file *, const void *from, size_t len, uint64_t at);
/* The pread of directories: -EISDIR. They have one so that they can seek, for rewinddir. */
long fs_directory_pread(struct file *, void *to, size_t len, uint64_t at);

/*
 * For getdents: append one linux_dirent64 at to[used]. Bytes it took, or 0 when it does not
 * fit. `next` is the file position that continues behind it, `mode` gives the type.
 */
size_t fs_put_entry(void *to, size_t size, size_t used, uint64_t inode, uint64_t next,
                    uint32_t mode, const char *name, size_t name_len);

/*
 * Read into or write from `data` any bytes [at, at + len) of a disk, which moves whole blocks only,
 * and wait for it. Writers of the same block lose nothing of each other's, as long as they all come
 * this way. Blocks. -EINVAL: beyond the end, and nothing was done; -EROFS, -ENOMEM, and errors of
 * struct disk_request.
 */
int fs_disk_bytes(struct disk_device *, enum disk_op, uint64_t at, void *data, size_t len);

/* ---- where the bytes of an archive come from ---- */

struct fs_reader {
    const char *name; /* "initrd", "vda": for messages */
    uint64_t size;    /* bytes */
    /* Exactly `len` bytes from `at`, which the caller has checked to lie inside. 0, or
     * negative errno. Blocks. */
    int (*read)(struct fs_reader *, uint64_t at, void *to, size_t len);
    /* Free it. Nobody reads any more; blocks until the disk has answered. */
    void (*close)(struct fs_reader *);
};

/* NULL when memory is short. */
struct fs_reader *fs_reader_memory(const char *name, const void *base, size_t size);
struct fs_reader *fs_reader_disk(struct disk_device *);

#endif

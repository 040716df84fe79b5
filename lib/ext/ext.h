/*
 * ext2 and ext4 on disks, by libext2fs, in parts of one job each: cache.c holds blocks between it
 * and the disk, channel.c is what it reads and writes through, journal.c lets a set of changes
 * happen whole or not at all, space.c hands out blocks, inode.c and tree.c are files and names,
 * file.c and directory.c what is open, mount.c a mount and its end.
 *
 * All of it is linked only into programs that ask for it (-lringlet-ext). The kernel is not
 * preempted, but a disk is waited for, and others go on meanwhile: so each call into a file system
 * holds its lock (ext_enter). What it holds between two calls is whole.
 *
 * Errors are negative errno but where a function says errcode_t, libext2fs's own kind.
 */
#ifndef EXT_EXT_H
#define EXT_EXT_H

#include <ext2fs/ext2fs.h>
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "lib/fs/fs.h"

#define EMLINK 31 /* Linux's; nobody else has links that can be too many */

/* ---- cache.c: blocks of one disk ---- */

struct ext_block;

struct ext_cache {
    struct disk_device *disk;
    uint32_t block_size;
    uint64_t blocks; /* of the disk */
    struct ext_block **buckets;
    size_t count,
        limit; /* blocks in memory; more than the limit only if they cannot be written */
    size_t nr_data, nr_meta; /* of them changed: contents of files, and everything else */
    struct list used;        /* the one used longest ago first */
    uint64_t next;           /* the block behind the one that was read last */
    unsigned ahead;          /* blocks to read at once when that one is wanted */
    char *staging;           /* where blocks lie side by side for one request */
};

#define EXT_STAGING (64u << 10) /* bytes */

/* One block in memory. Its data is valid until the next call that may bring in another one. */
struct ext_block {
    struct ext_block *chain;
    struct list link;
    uint64_t number;
    bool dirty, data;
    char bytes[];
};

/* A disk whose file system has blocks of this size, with room for `limit` bytes. -ENOMEM. */
int ext_cache_open(struct ext_cache *, struct disk_device *, uint32_t block_size, size_t limit);
void ext_cache_close(struct ext_cache *);
/* Bytes [at, at + len) of the disk. `data`: they are the contents of a file. */
int ext_cache_read(struct ext_cache *, uint64_t at, void *to, size_t len);
int ext_cache_write(struct ext_cache *, uint64_t at, const void *from, size_t len, bool data);
/* Nobody wants what was written there: it is not to reach the disk. */
void ext_cache_forget(struct ext_cache *, uint64_t block);
/* Write all changed contents of files to where they belong; not yet on the medium. */
int ext_cache_write_data(struct ext_cache *);
/* The same for the rest. */
int ext_cache_write_meta(struct ext_cache *);
/* The changed blocks that are no contents, sorted by number, into out[nr_meta]. */
void ext_cache_list_meta(struct ext_cache *, struct ext_block **out);

/* ---- channel.c ---- */

extern struct struct_io_manager ext_manager;
/* The cache that the next ext2fs_open will work on. */
extern struct ext_cache *ext_channel_cache;
/* What an error of libext2fs is in errno, negative. */
int ext_error(errcode_t);

/* ---- the file system ---- */

struct ext_journal {
    blk64_t *where;    /* its blocks on the disk; NULL: there is no journal */
    unsigned blocks;   /* of them */
    unsigned first;    /* the first that a transaction may use */
    uint32_t sequence; /* of the next transaction */
    bool used;         /* the last one may still be needed */
};

struct ext_node;

struct ext {
    struct fs_mount mount;
    struct disk_device *disk;
    struct ext_cache cache;
    struct ext_journal journal;
    ext2_filsys fs;
    bool read_only;
    bool failed; /* a write went wrong: nothing is written any more */
    bool held;   /* the lock */
    struct wait_queue free;
    struct list nodes;        /* what is open */
    ext2fs_block_bitmap busy; /* blocks in use or freed since the last commit */
    uint64_t nr_freed;
    uint64_t committed; /* when, on clock_now's scale */
    struct ext *next;
    uint8_t *groups; /* EXT_GROUP_* of each */
};

#define EXT_GROUP_BLOCKS       1 /* this bitmap has changed */
#define EXT_GROUP_INODES       2
#define EXT_GROUP_BLOCKS_UNSET 4 /* this one was never written */
#define EXT_GROUP_INODES_UNSET 8

static inline struct ext *
to_ext(struct fs_mount *mount)
{
    return container_of(mount, struct ext, mount);
}

/* Take the lock, and give it back. */
void ext_enter(struct ext *);
void ext_leave(struct ext *);
/* The same for a change: -EROFS where nothing can be written. On the way out a large heap of
 * changes is committed. */
int ext_enter_change(struct ext *);
int ext_leave_change(struct ext *, int error);

/* ---- space.c ---- */

/* Blocks come from, and changes of bitmaps are seen by, this. -ENOMEM. */
int ext_space_open(struct ext *);
void ext_space_close(struct ext *);
void ext_space_inode(struct ext *, ext2_ino_t, int inuse, bool directory);
/* Write the bitmaps that have changed, descriptors and superblock into the cache. */
errcode_t ext_space_write(struct ext *);
/* What was freed may be used again. */
void ext_space_committed(struct ext *);

/* ---- replay.c, journal.c ---- */

/* Find the journal, and read where it ends. If a transaction waits there that was committed, it is
 * put in its place, and *replayed set: then what was read before may be old. -ENOTSUP: something
 * waits there that is not ours. */
int ext_journal_open(struct ext *, bool *replayed);
void ext_journal_close(struct ext *);
/* Everything that has changed is on the medium when this returns: contents first, then the rest, as
 * one transaction where there is a journal. -EIO: nothing will be written from now on. */
int ext_commit(struct ext *);
/* The journal is empty, and everything in its place. */
int ext_journal_finish(struct ext *);

/* ---- inode.c ---- */

struct ext_inode {
    ext2_ino_t number;
    struct ext2_inode_large raw;
};

int ext_inode_read(struct ext *, ext2_ino_t, struct ext_inode *);
int ext_inode_write(struct ext *, struct ext_inode *);
/* libext2fs changes the shorter form. */
static inline struct ext2_inode *
ext_short(struct ext_inode *inode)
{
    return (struct ext2_inode *)&inode->raw;
}
#define EXT_ATIME 1u
#define EXT_MTIME 2u
#define EXT_CTIME 4u
/* Set these times, to `time`. */
void ext_inode_set_time(struct ext *, struct ext_inode *, unsigned which,
                        struct file_time time);
void ext_inode_stat(struct ext *, struct ext_inode *, struct file_stat *);
int ext_inode_change(struct ext *, ext2_ino_t, const struct file_change *);
/* Cut off or grow; what comes behind the old end reads as zeroes. */
int ext_inode_resize(struct ext *, struct ext_inode *, uint64_t size);
/* Nobody has it, by name or open: its blocks and itself are free. */
int ext_inode_free(struct ext *, struct ext_inode *);
/* The list on the disk of inodes without a name that are still open. */
int ext_orphan_add(struct ext *, struct ext_inode *);
int ext_orphan_remove(struct ext *, ext2_ino_t);
/* After a power cut: free them. */
int ext_orphans_free(struct ext *);

/* ---- contents.c ---- */

/* Bytes, fewer at the end of the file or of the room, or the error. */
long ext_contents_read(struct ext *, struct ext_inode *, char *to, size_t len, uint64_t at);
long ext_contents_write(struct ext *, struct ext_inode *, const char *from, size_t len,
                        uint64_t at);
/* As file_storage.find. */
int64_t ext_contents_find(struct ext *, struct ext_inode *, uint64_t at, bool hole);

/* ---- file.c ---- */

/* What is open, once for all that have it open. */
struct ext_node {
    struct list link;
    struct ext *ext;
    ext2_ino_t inode;
    unsigned refs;
};

struct ext_file {
    struct file file;
    struct ext_node *node;
};

static inline struct ext_file *
to_ext_file(struct file *file)
{
    return container_of(file, struct ext_file, file);
}

struct ext_node *ext_node_find(struct ext *, ext2_ino_t);
int ext_open(struct fs_mount *, const char *path, unsigned flags, struct file **out);

/* ---- directory.c ---- */

/* -ENOENT, -ENOTDIR. The path is below the mount. */
int ext_find(struct ext *, const char *path, ext2_ino_t *out);
/* The directory of a path and its last component. -EBUSY: it is the root. */
int ext_find_parent(struct ext *, const char *path, ext2_ino_t *out, const char **name);
int ext_look(struct ext *, ext2_ino_t directory, const char *name, ext2_ino_t *out);
bool ext_directory_empty(struct ext *, ext2_ino_t);
long ext_getdents(struct file *, void *to, size_t size);
int ext_directory_path(struct file *, char to[FILE_PATH_MAX]);

/* ---- tree.c, rename.c ---- */

extern const struct fs_changes ext_changes;
int ext_rename(struct fs_mount *, const char *from, const char *to, unsigned flags);
/* The directory of a path, the last component, and the inode of that name, 0 if there is none. */
int ext_look_up(struct ext *, const char *path, ext2_ino_t *parent, const char **name,
                ext2_ino_t *inode);
int ext_add_name(struct ext *, ext2_ino_t parent, const char *name, ext2_ino_t, uint32_t mode);
int ext_remove_name(struct ext *, ext2_ino_t parent, const char *name);
/* A name and what it stood for are gone, if nothing else holds that. */
int ext_remove_from(struct ext *, ext2_ino_t parent, const char *name, struct ext_inode *);
/* 0 if it may be removed as a directory, or as something else. */
int ext_removable(struct ext *, const struct ext_inode *, bool directory);
/* A directory has changed, and the number of those in it by `links`. */
int ext_touch(struct ext *, ext2_ino_t directory, int links);

/* A file without a name, for O_TMPFILE. */
int ext_make_nameless(struct ext *, ext2_ino_t parent, uint32_t mode, ext2_ino_t *out);

#endif

/*
 * A file system in memory, in parts of one job each: tmp_data.c holds the bytes of a file,
 * tmp_map.c lays them where a program can map them, tmp_tree.c has names and nodes, tmp_change.c
 * changes them, tmp_directory.c lists them, tmpfs.c makes open files and a mount of it, overlay.c
 * fills one from an archive.
 *
 * All of it stands in one pool of pages, half of the memory, whichever mount asks. Nothing here
 * blocks, but what reads the archive below a file that nobody has written to yet.
 */
#ifndef FS_TMP_H
#define FS_TMP_H

#include "lib/fs/fs.h"
#include "kernel/list.h"
#include "kernel/memory.h"

#define TMP_SIZE_MAX INT64_MAX /* of one file, bytes */

/* ---- tmp_data.c: the bytes of one file ---- */

struct tmp_pool {
    size_t used, limit;        /* pages */
    size_t nodes, nodes_limit; /* files of all kinds */
};
extern struct tmp_pool tmp_pool;
/* A page out of the pool, or NULL. `whole`: all of it will be written, so it need not be zero. */
void *tmp_pool_page(bool whole);
void tmp_pool_free(void *page);

#define TMP_CHUNK_PAGES 16 /* a power of two */

/* Pages side by side in the file. A slot is a page's address, 0 for a hole, with the number of
 * its mappings in the bits that are zero in an address. */
struct tmp_chunk {
    uint64_t first; /* number of its first page */
    unsigned used;  /* slots that have a page */
    uintptr_t slots[TMP_CHUNK_PAGES];
};

struct tmp_data {
    struct tmp_chunk **chunks; /* by rising number, none empty */
    size_t count, room;
    uint64_t size; /* bytes; behind it every byte is zero, but in pages that are mapped */
    size_t pages;
};

static inline char *
tmp_page(uintptr_t slot)
{
    return (char *)(slot & ~(uintptr_t)(PAGE_SIZE - 1));
}

static inline unsigned
tmp_pins(uintptr_t slot)
{
    return slot & (PAGE_SIZE - 1);
}

/* The slot of a page; NULL: it is in a hole. */
uintptr_t *tmp_slot(const struct tmp_data *, uint64_t page);
/* The same, made if need be; NULL: no memory. A caller that puts a page there counts it in the
 * chunk and the data. */
uintptr_t *tmp_slot_make(struct tmp_data *, uint64_t page, struct tmp_chunk **chunk);
/* Bytes that were there. */
size_t tmp_data_read(const struct tmp_data *, void *to, size_t len, uint64_t at);
/* Bytes written, fewer when the room ends; -ENOSPC, -EFBIG. */
long tmp_data_write(struct tmp_data *, const void *from, size_t len, uint64_t at);
void tmp_data_truncate(struct tmp_data *, uint64_t size);
/* Make what lies there a hole; the size stays. */
void tmp_data_punch(struct tmp_data *, uint64_t at, uint64_t len);
/* Have a page everywhere there; the size stays. -ENOSPC. */
int tmp_data_reserve(struct tmp_data *, uint64_t at, uint64_t len);
/* Let go of pages in this range that lie behind the end, and of chunks without pages. */
void tmp_data_tidy(struct tmp_data *, uint64_t first, uint64_t end);
/* Where the next data or hole begins. -ENXIO. */
int64_t tmp_data_find(const struct tmp_data *, uint64_t at, bool hole);

/* ---- tmp_map.c ---- */

/* As file_storage has them, in pages. */
int tmp_data_map(struct tmp_data *, uint64_t first, size_t count, void **out);
void tmp_data_unmap(struct tmp_data *, uint64_t first, size_t count);
/* True if one of its pages is mapped. */
bool tmp_data_is_mapped(const struct tmp_data *);

/* ---- tmp_tree.c: names and nodes ---- */

struct tmp_node {
    struct tmpfs *fs;
    uint64_t inode;
    uint32_t mode, uid, gid;
    uint32_t links; /* as stat tells them; 0: it has no name any more */
    unsigned refs;  /* open files */
    struct file_time atime, mtime, ctime;
    union {
        struct {
            struct tmp_data data;
            /* Where the contents still lie, unless NULL: `data` has just their size then. */
            struct fs_reader *lower;
            uint64_t lower_at;
            uint8_t seals; /* ABI_SEAL_* */
            bool may_seal; /* made for it */
        };
        struct {                   /* of directories */
            struct list entries;   /* tmp_name.link, by rising place */
            struct tmp_name *name; /* NULL: the root of the mount, or removed */
            uint32_t nr_entries, last_place;
        };
        char *target; /* of symbolic links */
    };
};

struct tmp_name {
    struct tmp_name *chain; /* of one bucket */
    struct list link;
    struct tmp_node *parent, *node;
    uint32_t hash;
    uint32_t place; /* in the directory, for getdents: 2 and up, never used twice */
    uint32_t len;
    char text[];
};

struct tmpfs {
    struct fs_mount mount;
    struct tmp_node *root;
    struct tmp_name **buckets; /* of all names by parent and text; NULL before the first */
    size_t nr_buckets, nr_names;
    uint64_t last_inode;
};

static inline bool
tmp_is(const struct tmp_node *node, uint32_t type)
{
    return (node->mode & FS_S_IFMT) == type;
}

/* A node with times of now and the program's user, in no directory, with no links (a directory
 * has two). NULL: no room. */
struct tmp_node *tmp_node_new(struct tmpfs *, uint32_t mode);
/* Free it if it has neither a name nor somebody who has it open. */
void tmp_node_drop(struct tmp_node *);

struct tmp_name *tmp_look(const struct tmpfs *, const struct tmp_node *parent, const char *text,
                          size_t len);
/* -ENOENT, -ENOTDIR */
int tmp_find(const struct tmpfs *, const char *path, struct tmp_node **out);
/* The directory that holds, or would hold, the last component, which *text is. Of the root of
 * the mount -EBUSY. */
int tmp_find_parent(const struct tmpfs *, const char *path, struct tmp_node **out,
                    const char **text);
/* One more name for a node, which counts its link; the directory's times change. -ENOSPC. */
int tmp_add_name(struct tmp_node *parent, const char *text, struct tmp_node *node);
/* The name is gone, and the node too if nobody else has it. */
void tmp_remove_name(struct tmp_name *);
/* Put a name elsewhere, which nobody has there. -ENOSPC: it is where it was. */
int tmp_move_name(struct tmp_name *, struct tmp_node *parent, const char *text);
/* Two names change their nodes. */
void tmp_swap_names(struct tmp_name *, struct tmp_name *);
/* The path of a directory below its mount; -ENOENT if it was removed, -ENAMETOOLONG. */
int tmp_path(const struct tmp_node *, char out[FS_PATH_MAX]);

void tmp_modified(struct tmp_node *); /* its contents were: mtime and ctime */
/* As relatime has it: the first time after a change, and once a day. */
void tmp_accessed(struct tmp_node *);

/* ---- tmp_directory.c: what file_ops and file_storage want of directories ---- */

struct tmp_file {
    struct file file;
    struct tmp_node *node;
};

static inline struct tmp_node *
tmp_node_of(struct file *file)
{
    return container_of(file, struct tmp_file, file)->node;
}

int tmp_directory_path(struct file *, char to[FILE_PATH_MAX]);
long tmp_getdents(struct file *, void *to, size_t size);

/* ---- tmp_seal.c ---- */

int tmp_get_seals(struct file *);
int tmp_add_seals(struct file *, unsigned seals);
/* -EPERM if a seal forbids to write there, or to have this size. */
int tmp_may_write(const struct tmp_node *, uint64_t at, size_t len);
int tmp_may_resize(const struct tmp_node *, uint64_t size);

/* ---- tmp_change.c, tmpfs.c ---- */

extern const struct fs_changes tmp_changes;

/* For the flags of open; *out has the node open. -ENXIO, -ENOMEM, -EIO, -ENOSPC. */
int tmp_open_node(struct tmp_node *, unsigned flags, struct file **out);
/* An empty one with a root of these permissions. `fs` is the caller's, zeroed, for good.
 * -ENOMEM, -EBUSY. */
int tmpfs_mount(struct tmpfs *fs, const char *where, uint32_t mode);
/* For one on "/": folders that others are mounted on, so that they can be seen, where it lacks them. */
void tmpfs_make_places(struct tmpfs *fs);

/* ---- overlay.c ---- */

/*
 * Mount the archive's tree where everything can be changed: contents are read from the archive
 * until a file is opened for writing, changes stay in memory. Errors of tarfs_mount; on success
 * the reader is kept for good.
 */
int overlay_mount(struct fs_reader *reader, const char *where);
/* The file's contents become its own, if they are not. Blocks on the disk. -EIO, -ENOSPC. */
int tmp_own(struct tmp_node *);

#endif

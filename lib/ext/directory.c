/*
 * Directories as they are read: looking for a name, listing, and the way back up to the root. A
 * position in a directory is the place of an entry in bytes. The index that large directories may have
 * (dir_index) is kept by libext2fs when names are added; for looking up all blocks are read in order.
 */
#include "kernel/string.h"
#include "lib/ext/ext.h"

/* One entry of a directory that is in use; `next` is the position behind it. True: go no further. */
typedef bool entry_fn(void *arg, const struct ext2_dir_entry *entry, uint64_t next);

static bool
walk_block(struct ext *e, char *block, uint64_t base, uint64_t from, entry_fn *fn, void *arg,
           int *error)
{
    unsigned len;

    for (uint32_t at = 0; at + EXT2_DIR_REC_LEN(1) <= e->fs->blocksize; at += len) {
        struct ext2_dir_entry *entry = (struct ext2_dir_entry *)(block + at);
        unsigned name_len = (unsigned)ext2fs_dirent_name_len(entry);
        if (ext2fs_get_rec_len(e->fs, entry, &len) || len < EXT2_DIR_REC_LEN(1) ||
            len > e->fs->blocksize - at || EXT2_DIR_REC_LEN(name_len) > len) {
            *error = -EIO;
            return true;
        }
        if (entry->inode && base + at >= from && fn(arg, entry, base + at + len))
            return true;
    }
    return false;
}

/* Every entry from a position on. */
static int
walk(struct ext *e, ext2_ino_t directory, uint64_t from, entry_fn *fn, void *arg)
{
    struct ext_inode inode;
    int error = ext_inode_read(e, directory, &inode), flags;
    uint32_t size = e->fs->blocksize;
    char *block = kmalloc_raw(size);

    if (!block)
        error = -ENOMEM;
    else if (!error && !LINUX_S_ISDIR(inode.raw.i_mode))
        error = -ENOTDIR;
    for (uint64_t i = from / size; !error && i < EXT2_I_SIZE(&inode.raw) / size; i++) {
        blk64_t at;
        error = ext_error(
            ext2fs_bmap2(e->fs, directory, ext_short(&inode), NULL, 0, i, &flags, &at));
        if (!error && at)
            error = ext_error(ext2fs_read_dir_block4(e->fs, at, block, 0, directory));
        if (!error && at && walk_block(e, block, i * size, from, fn, arg, &error))
            break;
    }
    kfree(block);
    return error;
}

/* ---- names ---- */

struct wanted {
    const char *name;
    size_t len;
    ext2_ino_t found;
};

static bool
is_wanted(void *arg, const struct ext2_dir_entry *entry, uint64_t next)
{
    struct wanted *w = arg;

    (void)next;
    if ((size_t)ext2fs_dirent_name_len(entry) != w->len ||
        memcmp(entry->name, w->name, w->len) != 0)
        return false;
    w->found = entry->inode;
    return true;
}

static int
look(struct ext *e, ext2_ino_t directory, const char *name, size_t len, ext2_ino_t *out)
{
    struct wanted w = {name, len, 0};
    int error = walk(e, directory, 0, is_wanted, &w);

    *out = w.found;
    return error ? error : w.found ? 0 : -ENOENT;
}

int
ext_look(struct ext *e, ext2_ino_t directory, const char *name, ext2_ino_t *out)
{
    return look(e, directory, name, strlen(name), out);
}

/* `len` bytes of a path. */
static int
find(struct ext *e, const char *path, size_t len, ext2_ino_t *out)
{
    int error = 0;

    *out = EXT2_ROOT_INO;
    while (!error && len > 0) {
        const char *slash = strchr(path, '/');
        size_t part = slash ? MIN((size_t)(slash - path), len) : len, step = MIN(part + 1, len);
        error = look(e, *out, path, part, out);
        path += step;
        len -= step;
    }
    return error;
}

int
ext_find(struct ext *e, const char *path, ext2_ino_t *out)
{
    return find(e, path, strlen(path), out);
}

int
ext_find_parent(struct ext *e, const char *path, ext2_ino_t *out, const char **name)
{
    size_t len = strlen(path);

    if (!len)
        return -EBUSY;
    while (len > 0 && path[len - 1] != '/')
        len--;
    *name = path + len;
    return find(e, path, len ? len - 1 : 0, out);
}

static bool
is_dots(const struct ext2_dir_entry *entry)
{
    int len = ext2fs_dirent_name_len(entry);

    return entry->name[0] == '.' && (len == 1 || (len == 2 && entry->name[1] == '.'));
}

static bool
is_name(void *arg, const struct ext2_dir_entry *entry, uint64_t next)
{
    (void)next;
    *(bool *)arg |= !is_dots(entry);
    return *(bool *)arg;
}

bool
ext_directory_empty(struct ext *e, ext2_ino_t directory)
{
    bool found = false;

    return walk(e, directory, 0, is_name, &found) == 0 && !found;
}

/* ---- listing ---- */

struct listing {
    struct file *file;
    char *to;
    size_t size, used;
    bool full;
};

static bool
list_entry(void *arg, const struct ext2_dir_entry *entry, uint64_t next)
{
    static const uint32_t modes[] = {0,          FS_S_IFREG, FS_S_IFDIR,  FS_S_IFCHR,
                                     FS_S_IFBLK, FS_S_IFIFO, FS_S_IFSOCK, FS_S_IFLNK};
    struct listing *l = arg;
    unsigned type = (unsigned)ext2fs_dirent_file_type(entry);
    size_t record = fs_put_entry(l->to, l->size, l->used, entry->inode, next,
                                 type < ARRAY_SIZE(modes) ? modes[type] : 0, entry->name,
                                 (size_t)ext2fs_dirent_name_len(entry));

    l->full = record == 0;
    if (l->full)
        return true;
    l->used += record;
    l->file->position = next;
    return false;
}

long
ext_getdents(struct file *file, void *to, size_t size)
{
    struct ext_node *node = to_ext_file(file)->node;
    struct listing l = {.file = file, .to = to, .size = size};

    ext_enter(node->ext);
    int error = walk(node->ext, node->inode, file->position, list_entry, &l);
    ext_leave(node->ext);
    if (error)
        return error;
    return l.full && !l.used ? -EINVAL : (long)l.used;
}

/* ---- the way up ---- */

struct child {
    ext2_ino_t inode;
    char *name;
    size_t len; /* 0: not found */
};

static bool
is_child(void *arg, const struct ext2_dir_entry *entry, uint64_t next)
{
    struct child *c = arg;

    (void)next;
    if (entry->inode != c->inode || is_dots(entry))
        return false;
    c->len = (size_t)ext2fs_dirent_name_len(entry);
    memcpy(c->name, entry->name, c->len);
    return true;
}

/* In front of what lies from *at on in `to`, the name that the directory has in its parent. */
static int
put_name(struct ext *e, ext2_ino_t parent, ext2_ino_t inode, char *to, size_t *at)
{
    char name[EXT2_NAME_LEN];
    struct child c = {.inode = inode, .name = name};
    int error = walk(e, parent, 0, is_child, &c);

    if (error || !c.len)
        return error ? error : -ENOENT;
    if (c.len + 1 > *at)
        return -ENAMETOOLONG;
    if (to[*at])
        to[--*at] = '/';
    *at -= c.len;
    memcpy(to + *at, name, c.len);
    return 0;
}

static int
path_of(struct ext *e, ext2_ino_t inode, char to[FILE_PATH_MAX])
{
    size_t at = FILE_PATH_MAX - 1;
    ext2_ino_t parent;
    int error = 0;

    to[at] = '\0';
    for (; !error && inode != EXT2_ROOT_INO; inode = parent) {
        error = ext_look(e, inode, "..", &parent);
        if (!error)
            error = put_name(e, parent, inode, to, &at);
    }
    memmove(to, to + at, FILE_PATH_MAX - at);
    return error;
}

int
ext_directory_path(struct file *file, char to[FILE_PATH_MAX])
{
    struct ext_node *node = to_ext_file(file)->node;

    ext_enter(node->ext);
    int error = path_of(node->ext, node->inode, to);
    ext_leave(node->ext);
    return error ? error : fs_path_below(&node->ext->mount, to, to);
}

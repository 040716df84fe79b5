/*
 * A tar archive as a file system: open, stat and readlink over the tree of tar_index.c, and
 * struct file for its files and directories. Read-only by nature. Contents are read from the
 * archive where they lie, so an open file costs its structure and nothing else.
 */
#include "kernel/kernel.h"
#include "kernel/list.h"
#include "kernel/memory.h"
#include "kernel/string.h"
#include "lib/fs/tar.h"

#define INDEX_SHARE 4 /* the index may take this part of the free memory */

struct tarfs {
    struct fs_mount mount;
    struct fs_reader *reader;
    struct tar_tree tree;
};

struct tarfs_file {
    struct file file;
    struct tarfs *fs;
    const struct tar_node *node;
};

static struct tarfs_file *
to_tarfs_file(struct file *file)
{
    return container_of(file, struct tarfs_file, file);
}

static void
fill_stat(const struct tarfs *fs, const struct tar_node *node, struct file_stat *out)
{
    const struct tar_node *body = node->body;

    *out = (struct file_stat){
        .mode = body->mode,
        .size = body->size,
        .inode = body->number + 1u,
        .device = fs->mount.id,
        .links = body->links,
        .uid = body->uid,
        .gid = body->gid,
        .blocks = (body->size + 511) / 512,
        .atime = {body->mtime, 0},
        .mtime = {body->mtime, 0},
        .ctime = {body->mtime, 0},
    };
}

/* ---- open files ---- */

static int
tarfs_file_stat(struct file *file, struct file_stat *out)
{
    fill_stat(to_tarfs_file(file)->fs, to_tarfs_file(file)->node, out);
    return 0;
}

static void
tarfs_close(struct file *file)
{
    kfree(to_tarfs_file(file));
}

static long
tarfs_pread(struct file *file, void *to, size_t len, uint64_t at)
{
    struct tarfs_file *f = to_tarfs_file(file);
    const struct tar_node *body = f->node->body;

    if (at >= body->size)
        return 0;
    len = (size_t)MIN(MIN(len, body->size - at), (uint64_t)INT32_MAX);
    int error = f->fs->reader->read(f->fs->reader, body->data + at, to, len);
    return error ? error : (long)len;
}

/* The directory that holds the node; the root holds itself. */
static const struct tar_node *
parent_of(const struct tarfs *fs, const struct tar_node *node)
{
    char name[FS_PATH_MAX];
    size_t len = strlen(node->name);

    while (len > 0 && node->name[len - 1] != '/')
        len--;
    memcpy(name, node->name, len);
    name[len ? len - 1 : 0] = '\0';
    return tar_find(&fs->tree, name);
}

/* Positions: 0 is ".", 1 is "..", 2 the first child, and i + 2 the child nodes[i]. */
static long
directory_getdents(struct file *file, void *to, size_t size)
{
    struct tarfs_file *f = to_tarfs_file(file);
    const struct tar_node *self = f->node;
    size_t used = 0, record = 1;

    while (record > 0) {
        const struct tar_node *entry = self;
        const char *name = file->position == 0 ? "." : "..";
        uint64_t next = file->position + 1;
        if (file->position == 1) {
            entry = parent_of(f->fs, self);
        } else if (file->position > 1) {
            uint64_t i = MAX(file->position - 2, (uint64_t)self->index + 1);
            if (i >= self->end)
                break;
            entry = f->fs->tree.nodes[i];
            name = entry->name + (self->name[0] ? strlen(self->name) + 1 : 0);
            next = (uint64_t)entry->end + 2;
        }
        record = fs_put_entry(to, size, used, entry->body->number + 1u, next, entry->body->mode,
                              name, strlen(name));
        if (record == 0)
            return used ? (long)used : -EINVAL;
        used += record;
        file->position = next;
    }
    return (long)used;
}

/* All of it is data, and a hole begins at the end of every file. */
static int64_t
tarfs_find(struct file *file, uint64_t at, bool hole)
{
    uint64_t size = to_tarfs_file(file)->node->body->size;

    if (at >= size)
        return -ENXIO;
    return (int64_t)(hole ? size : at);
}

static const struct file_storage file_storage = {.find = tarfs_find};

static const struct file_ops file_ops = {
    .kind = "tar file",
    .pread = tarfs_pread,
    .stat = tarfs_file_stat,
    .storage = &file_storage,
    .close = tarfs_close,
};

static int
directory_path(struct file *file, char to[FILE_PATH_MAX])
{
    return fs_path_below(&to_tarfs_file(file)->fs->mount, to_tarfs_file(file)->node->name, to);
}

static const struct file_storage directory_storage = {
    .getdents = directory_getdents,
    .path = directory_path,
};

static const struct file_ops directory_ops = {
    .kind = "tar directory",
    .pread = fs_directory_pread,
    .stat = tarfs_file_stat,
    .storage = &directory_storage,
    .close = tarfs_close,
};

/* ---- the type ---- */

static struct tarfs *
to_tarfs(struct fs_mount *mount)
{
    return container_of(mount, struct tarfs, mount);
}

static int
tarfs_open(struct fs_mount *mount, const char *path, unsigned flags, struct file **out)
{
    struct tarfs *fs = to_tarfs(mount);
    const struct tar_node *node = tar_find(&fs->tree, path);

    if (!node)
        return -ENOENT;
    if ((flags & FILE_O_ACCMODE) != FILE_O_RDONLY || (flags & FILE_O_TRUNC))
        return -EROFS;
    struct tarfs_file *f = kmalloc(sizeof(*f));
    if (!f)
        return -ENOMEM;
    f->fs = fs;
    f->node = node;
    f->file.ops = (node->mode & FS_S_IFMT) == FS_S_IFDIR ? &directory_ops : &file_ops;
    f->file.flags = flags & FS_STATUS_FLAGS;
    f->file.refs = 1;
    *out = &f->file;
    return 0;
}

static int
tarfs_stat(struct fs_mount *mount, const char *path, struct file_stat *out)
{
    const struct tarfs *fs = to_tarfs(mount);
    const struct tar_node *node = tar_find(&fs->tree, path);

    if (!node)
        return -ENOENT;
    fill_stat(fs, node, out);
    return 0;
}

static long
tarfs_readlink(struct fs_mount *mount, const char *path, char *to, size_t size)
{
    const struct tar_node *node = tar_find(&to_tarfs(mount)->tree, path);

    if (!node)
        return -ENOENT;
    if ((node->body->mode & FS_S_IFMT) != FS_S_IFLNK)
        return -EINVAL;
    size_t len = MIN(strlen(node->body->link), size);
    memcpy(to, node->body->link, len);
    return (long)len;
}

static const struct fs_type tarfs_type = {
    .name = "tar",
    .read_only = true,
    .open = tarfs_open,
    .stat = tarfs_stat,
    .readlink = tarfs_readlink,
};

int
tarfs_mount(struct fs_reader *reader, const char *where)
{
    struct memory_info memory;
    struct tarfs *fs = kmalloc(sizeof(*fs));

    if (!fs)
        return -ENOMEM;
    memory_info(&memory);
    fs->reader = reader;
    fs->mount.type = &tarfs_type;
    fs->mount.where = where;
    int error = tar_load(&fs->tree, reader, memory.free / INDEX_SHARE);
    if (!error) {
        error = fs_mount(&fs->mount);
        if (error)
            tar_free(&fs->tree);
    }
    if (error) {
        kfree(fs);
        return error;
    }
    log_info("tar on %s: %u names, mounted on %s", reader->name, fs->tree.count - 1, where);
    return 0;
}

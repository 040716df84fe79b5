/*
 * The file system in memory as a type: open files and directories over its nodes, and the mount. A
 * node lives as long as it has a name or is open. Nothing blocks, so every call is whole to other
 * threads, but the first opening for writing of what an archive below still has.
 */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/string.h"
#include "lib/fs/tmp.h"
#include "lib/libc/abi.h"

#define MAGIC       0x01021994 /* Linux's TMPFS_MAGIC */
#define ENTRY_BYTES 20         /* what Linux counts for a name in a directory's size */
#define POOL_SHARE  2          /* files may take this part of the memory */

static struct tmpfs *
to_tmpfs(struct fs_mount *mount)
{
    return container_of(mount, struct tmpfs, mount);
}

static uint64_t
size_of(const struct tmp_node *node)
{
    if (tmp_is(node, FS_S_IFDIR))
        return ENTRY_BYTES * (2 + (uint64_t)node->nr_entries);
    if (tmp_is(node, FS_S_IFLNK))
        return strlen(node->target);
    return tmp_is(node, FS_S_IFREG) ? node->data.size : 0;
}

static uint64_t
blocks_of(const struct tmp_node *node)
{
    if (!tmp_is(node, FS_S_IFREG))
        return 0;
    if (node->lower)
        return (node->data.size + 511) / 512;
    return (uint64_t)node->data.pages * (PAGE_SIZE / 512);
}

static void
fill_stat(const struct tmp_node *node, struct file_stat *out)
{
    *out = (struct file_stat){
        .mode = node->mode,
        .size = size_of(node),
        .inode = node->inode,
        .device = node->fs->mount.id,
        .links = node->links,
        .uid = node->uid,
        .gid = node->gid,
        .blocks = blocks_of(node),
        .atime = node->atime,
        .mtime = node->mtime,
        .ctime = node->ctime,
    };
}

/* ---- open files ---- */

static int
tmp_stat(struct file *file, struct file_stat *out)
{
    fill_stat(tmp_node_of(file), out);
    return 0;
}

static void
tmp_close(struct file *file)
{
    struct tmp_node *node = tmp_node_of(file);

    kfree(container_of(file, struct tmp_file, file));
    node->refs--;
    tmp_node_drop(node);
}

static int
tmp_change(struct file *file, const struct file_change *change)
{
    struct tmp_node *node = tmp_node_of(file);

    if (change->set & FILE_SET_MODE)
        node->mode = (node->mode & FS_S_IFMT) | (change->mode & 07777);
    if (change->set & FILE_SET_UID)
        node->uid = change->uid;
    if (change->set & FILE_SET_GID)
        node->gid = change->gid;
    if (change->set & FILE_SET_ATIME)
        node->atime = change->atime;
    if (change->set & FILE_SET_MTIME)
        node->mtime = change->mtime;
    node->ctime = fs_now();
    return 0;
}

static long
tmp_pread(struct file *file, void *to, size_t len, uint64_t at)
{
    struct tmp_node *node = tmp_node_of(file);

    len = MIN(len, (size_t)INT32_MAX);
    if (len > 0)
        tmp_accessed(node);
    if (!node->lower)
        return (long)tmp_data_read(&node->data, to, len, at);
    if (at >= node->data.size)
        return 0;
    len = (size_t)MIN(len, node->data.size - at);
    int error = node->lower->read(node->lower, node->lower_at + at, to, len);
    return error ? error : (long)len;
}

static long
tmp_pwrite(struct file *file, const void *from, size_t len, uint64_t at)
{
    struct tmp_node *node = tmp_node_of(file);

    if (file->flags & FILE_O_APPEND)
        at = node->data.size;
    len = MIN(len, (size_t)INT32_MAX);
    int error = tmp_may_write(node, at, len);
    if (error)
        return error;
    long n = tmp_data_write(&node->data, from, len, at);
    if (n > 0)
        tmp_modified(node);
    return n;
}

static int
tmp_truncate(struct file *file, uint64_t size)
{
    struct tmp_node *node = tmp_node_of(file);
    int error = tmp_may_resize(node, size);

    if (error)
        return error;
    tmp_data_truncate(&node->data, size);
    tmp_modified(node);
    return 0;
}

static int
tmp_allocate(struct file *file, unsigned mode, uint64_t at, uint64_t len)
{
    struct tmp_node *node = tmp_node_of(file);

    if (mode & ABI_FALLOC_PUNCH_HOLE) {
        int error = tmp_may_write(node, at, 0);
        if (error)
            return error;
        tmp_data_punch(&node->data, at, len);
        tmp_modified(node);
        return 0;
    }
    int error = at + len > node->data.size ? tmp_may_resize(node, at + len) : 0;
    if (!error)
        error = tmp_data_reserve(&node->data, at, len);
    if (!error && mode == 0 && at + len > node->data.size)
        tmp_data_truncate(&node->data, at + len);
    if (!error)
        tmp_modified(node);
    return error;
}

static int64_t
tmp_seek(struct file *file, uint64_t at, bool hole)
{
    const struct tmp_node *node = tmp_node_of(file);

    if (!node->lower)
        return tmp_data_find(&node->data, at, hole);
    if (at >= node->data.size)
        return -ENXIO;
    return (int64_t)(hole ? node->data.size : at);
}

static int
tmp_map(struct file *file, uint64_t at, size_t pages, void **out)
{
    struct tmp_node *node = tmp_node_of(file);
    int error = tmp_own(node);

    return error ? error : tmp_data_map(&node->data, at >> PAGE_SHIFT, pages, out);
}

static void
tmp_unmap(struct file *file, uint64_t at, size_t pages)
{
    tmp_data_unmap(&tmp_node_of(file)->data, at >> PAGE_SHIFT, pages);
}

/* ---- their tables ---- */

static const struct file_storage regular_storage = {
    .truncate = tmp_truncate,
    .change = tmp_change,
    .allocate = tmp_allocate,
    .find = tmp_seek,
    .map = tmp_map,
    .unmap = tmp_unmap,
    .get_seals = tmp_get_seals,
    .add_seals = tmp_add_seals,
};

static const struct file_ops regular_ops = {
    .kind = "file in memory",
    .pread = tmp_pread,
    .pwrite = tmp_pwrite,
    .stat = tmp_stat,
    .storage = &regular_storage,
    .close = tmp_close,
};

static const struct file_storage directory_storage = {
    .getdents = tmp_getdents,
    .path = tmp_directory_path,
    .change = tmp_change,
};

static const struct file_ops directory_ops = {
    .kind = "directory in memory",
    .pread = fs_directory_pread,
    .stat = tmp_stat,
    .storage = &directory_storage,
    .close = tmp_close,
};

/* What O_PATH gives. */
static const struct file_storage named_storage = {.change = tmp_change};
static const struct file_storage named_directory_storage = {
    .path = tmp_directory_path,
    .change = tmp_change,
};

static const struct file_ops named_ops = {
    .kind = "path in memory",
    .pread = fs_no_pread,
    .pwrite = fs_no_pwrite,
    .stat = tmp_stat,
    .storage = &named_storage,
    .close = tmp_close,
};

static const struct file_ops named_directory_ops = {
    .kind = "path of a directory in memory",
    .pread = fs_no_pread,
    .pwrite = fs_no_pwrite,
    .stat = tmp_stat,
    .storage = &named_directory_storage,
    .close = tmp_close,
};

static const struct file_ops *
ops_for(const struct tmp_node *node, unsigned flags)
{
    if (tmp_is(node, FS_S_IFDIR))
        return flags & FILE_O_PATH ? &named_directory_ops : &directory_ops;
    return flags & FILE_O_PATH ? &named_ops : &regular_ops;
}

/* ---- the type ---- */

/* What opening a regular file for these flags does to it. */
static int
prepare(struct tmp_node *node, unsigned flags)
{
    if (flags & FILE_O_TRUNC) {
        node->lower = NULL;
        tmp_data_truncate(&node->data, 0);
        tmp_modified(node);
    }
    return (flags & FILE_O_ACCMODE) == FILE_O_RDONLY ? 0 : tmp_own(node);
}

int
tmp_open_node(struct tmp_node *node, unsigned flags, struct file **out)
{
    struct tmp_file *f;
    int error = 0;

    if (!(flags & FILE_O_PATH) && !tmp_is(node, FS_S_IFREG) && !tmp_is(node, FS_S_IFDIR))
        return -ENXIO; /* nothing is behind the name of a pipe, socket or device */
    f = kmalloc(sizeof(*f));
    if (!f)
        return -ENOMEM;
    f->node = node;
    f->file.ops = ops_for(node, flags);
    f->file.flags = flags & FS_STATUS_FLAGS;
    f->file.refs = 1;
    node->refs++; /* also while the disk is read */
    if (tmp_is(node, FS_S_IFREG) && !(flags & FILE_O_PATH))
        error = prepare(node, flags);
    if (error)
        tmp_close(&f->file);
    else
        *out = &f->file;
    return error;
}

static int
tmp_open(struct fs_mount *mount, const char *path, unsigned flags, struct file **out)
{
    struct tmp_node *node;
    int error = tmp_find(to_tmpfs(mount), path, &node);

    if (error || !(flags & FILE_O_TMPFILE))
        return error ? error : tmp_open_node(node, flags, out);
    node = tmp_node_new(to_tmpfs(mount), FS_S_IFREG);
    if (!node)
        return -ENOSPC;
    error = tmp_open_node(node, flags, out);
    if (error)
        tmp_node_drop(node);
    return error;
}

static int
tmp_stat_path(struct fs_mount *mount, const char *path, struct file_stat *out)
{
    struct tmp_node *node;
    int error = tmp_find(to_tmpfs(mount), path, &node);

    if (!error)
        fill_stat(node, out);
    return error;
}

static long
tmp_readlink(struct fs_mount *mount, const char *path, char *to, size_t size)
{
    struct tmp_node *node;
    int error = tmp_find(to_tmpfs(mount), path, &node);

    if (error)
        return error;
    if (!tmp_is(node, FS_S_IFLNK))
        return -EINVAL;
    tmp_accessed(node);
    size_t len = MIN(strlen(node->target), size);
    memcpy(to, node->target, len);
    return (long)len;
}

static void
tmp_room(struct fs_mount *mount, struct fs_room *out)
{
    (void)mount;
    *out = (struct fs_room){
        .magic = MAGIC,
        .block_size = PAGE_SIZE,
        .blocks = tmp_pool.limit,
        .blocks_free = tmp_pool.limit - tmp_pool.used,
        .files = tmp_pool.nodes_limit,
        .files_free = tmp_pool.nodes_limit - tmp_pool.nodes,
    };
}

static const struct fs_type tmp_type = {
    .name = "tmpfs",
    .open = tmp_open,
    .stat = tmp_stat_path,
    .readlink = tmp_readlink,
    .changes = &tmp_changes,
    .room = tmp_room,
};

int
tmpfs_mount(struct tmpfs *fs, const char *where, uint32_t mode)
{
    struct memory_info memory;

    memory_info(&memory);
    if (tmp_pool.limit == 0)
        tmp_pool.limit = tmp_pool.nodes_limit = memory.total / POOL_SHARE / PAGE_SIZE;
    fs->mount.type = &tmp_type;
    fs->mount.where = where;
    fs->root = tmp_node_new(fs, FS_S_IFDIR | mode);
    if (!fs->root)
        return -ENOMEM;
    int error = fs_mount(&fs->mount);
    if (error) {
        fs->root->links = 0;
        tmp_node_drop(fs->root);
    }
    return error;
}

void
tmpfs_make_places(struct tmpfs *fs)
{
    (void)tmp_changes.create(&fs->mount, "dev", FS_S_IFDIR | 0755, NULL);
    (void)tmp_changes.create(&fs->mount, "proc", FS_S_IFDIR | 0555, NULL);
    (void)tmp_changes.create(&fs->mount, "run", FS_S_IFDIR | 0755, NULL);
    (void)tmp_changes.create(&fs->mount, "tmp", FS_S_IFDIR | 01777, NULL);
}

/*
 * Open files and directories on ext. A file that lost its last name while it is open lives on until
 * the last one closes it. The time of the last access is not kept.
 */
#include "kernel/string.h"
#include "lib/ext/ext.h"
#include "lib/libc/abi.h"

static struct ext *
ext_of(struct file *file)
{
    return to_ext_file(file)->node->ext;
}

struct ext_node *
ext_node_find(struct ext *e, ext2_ino_t inode)
{
    list_foreach(at, &e->nodes)
    {
        struct ext_node *node = container_of(at, struct ext_node, link);
        if (node->inode == inode)
            return node;
    }
    return NULL;
}

/* ---- contents ---- */

static long
ext_pread(struct file *file, void *to, size_t len, uint64_t at)
{
    struct ext *e = ext_of(file);
    struct ext_inode inode;

    ext_enter(e);
    long result = ext_inode_read(e, to_ext_file(file)->node->inode, &inode);
    if (!result)
        result = ext_contents_read(e, &inode, to, MIN(len, (size_t)INT32_MAX), at);
    ext_leave(e);
    return result;
}

#define WRITE_MAX \
    (1u << 20) /* bytes of one turn, so that others get theirs and commits stay small */

static long
write_turn(struct file *file, const char *from, size_t len, uint64_t at)
{
    struct ext *e = ext_of(file);
    struct ext_inode inode;
    long result = ext_enter_change(e);

    if (result)
        return result;
    result = ext_inode_read(e, to_ext_file(file)->node->inode, &inode);
    if (!result && (file->flags & FILE_O_APPEND))
        at = EXT2_I_SIZE(&inode.raw);
    if (!result)
        result = ext_contents_write(e, &inode, from, len, at);
    int error = ext_leave_change(e, 0);
    return result < 0 || !error ? result : error;
}

static long
ext_pwrite(struct file *file, const void *from, size_t len, uint64_t at)
{
    size_t done = 0;

    len = MIN(len, (size_t)INT32_MAX);
    while (done < len) {
        size_t now = MIN(len - done, (size_t)WRITE_MAX);
        long n = write_turn(file, (const char *)from + done, now, at + done);
        if (n < 0)
            return done ? (long)done : n;
        done += (size_t)n;
        if ((size_t)n < now)
            break;
    }
    return (long)done;
}

/* ---- the rest ---- */

static int
ext_truncate(struct file *file, uint64_t size)
{
    struct ext *e = ext_of(file);
    struct ext_inode inode;
    int error = ext_enter_change(e);

    if (error)
        return error;
    error = ext_inode_read(e, to_ext_file(file)->node->inode, &inode);
    if (!error)
        error = ext_inode_resize(e, &inode, size);
    return ext_leave_change(e, error);
}

static int
ext_change(struct file *file, const struct file_change *change)
{
    struct ext *e = ext_of(file);
    int error = ext_enter_change(e);

    if (error)
        return error;
    return ext_leave_change(e, ext_inode_change(e, to_ext_file(file)->node->inode, change));
}

static int
ext_sync(struct file *file)
{
    struct ext *e = ext_of(file);

    ext_enter(e);
    int error = ext_commit(e);
    ext_leave(e);
    return error;
}

static int
ext_stat(struct file *file, struct file_stat *out)
{
    struct ext *e = ext_of(file);
    struct ext_inode inode;

    ext_enter(e);
    int error = ext_inode_read(e, to_ext_file(file)->node->inode, &inode);
    if (!error)
        ext_inode_stat(e, &inode, out);
    ext_leave(e);
    return error;
}

static int64_t
ext_seek(struct file *file, uint64_t at, bool hole)
{
    struct ext *e = ext_of(file);
    struct ext_inode inode;

    ext_enter(e);
    int64_t result = ext_inode_read(e, to_ext_file(file)->node->inode, &inode);
    if (!result)
        result = ext_contents_find(e, &inode, at, hole);
    ext_leave(e);
    return result;
}

/* Nobody has it open any more. */
static void
forget_node(struct ext_node *node)
{
    struct ext *e = node->ext;
    struct ext_inode inode;

    list_remove(&node->link);
    if (ext_inode_read(e, node->inode, &inode) || inode.raw.i_links_count || e->read_only ||
        e->failed)
        return;
    int error = ext_orphan_remove(e, node->inode);
    if (!error)
        error = ext_inode_read(e, node->inode, &inode);
    if (!error)
        error = ext_inode_free(e, &inode);
    if (error)
        log_error("ext: %s: inode %u could not be freed (error %d)", e->disk->name,
                  (unsigned)node->inode, -error);
}

static void
ext_close(struct file *file)
{
    struct ext_node *node = to_ext_file(file)->node;
    struct ext *e = node->ext;

    kfree(to_ext_file(file));
    ext_enter(e);
    bool last = --node->refs == 0;
    if (last)
        forget_node(node);
    ext_leave(e);
    if (last)
        kfree(node);
}

/* ---- their tables ---- */

static const struct file_storage regular_storage = {
    .sync = ext_sync,
    .truncate = ext_truncate,
    .change = ext_change,
    .find = ext_seek,
};

static const struct file_ops regular_ops = {
    .kind = "file on ext",
    .pread = ext_pread,
    .pwrite = ext_pwrite,
    .stat = ext_stat,
    .storage = &regular_storage,
    .close = ext_close,
};

static const struct file_storage directory_storage = {
    .getdents = ext_getdents,
    .path = ext_directory_path,
    .sync = ext_sync,
    .change = ext_change,
};

static const struct file_ops directory_ops = {
    .kind = "directory on ext",
    .pread = fs_directory_pread,
    .stat = ext_stat,
    .storage = &directory_storage,
    .close = ext_close,
};

/* What O_PATH gives. */
static const struct file_storage named_storage = {.change = ext_change};
static const struct file_storage named_directory_storage = {
    .path = ext_directory_path,
    .change = ext_change,
};

static const struct file_ops named_ops = {
    .kind = "path on ext",
    .pread = fs_no_pread,
    .pwrite = fs_no_pwrite,
    .stat = ext_stat,
    .storage = &named_storage,
    .close = ext_close,
};

static const struct file_ops named_directory_ops = {
    .kind = "path of a directory on ext",
    .pread = fs_no_pread,
    .pwrite = fs_no_pwrite,
    .stat = ext_stat,
    .storage = &named_directory_storage,
    .close = ext_close,
};

static const struct file_ops *
ops_for(uint32_t mode, unsigned flags)
{
    if (LINUX_S_ISDIR(mode) && !(flags & FILE_O_TMPFILE))
        return flags & FILE_O_PATH ? &named_directory_ops : &directory_ops;
    return flags & FILE_O_PATH ? &named_ops : &regular_ops;
}

/* ---- opening ---- */

static struct ext_node *
hold_node(struct ext *e, ext2_ino_t inode)
{
    struct ext_node *node = ext_node_find(e, inode);

    if (!node) {
        node = kmalloc(sizeof(*node));
        if (!node)
            return NULL;
        *node = (struct ext_node){.ext = e, .inode = inode};
        list_append(&e->nodes, &node->link);
    }
    node->refs++;
    return node;
}

/* What the flags do to what is there, whose mode is `mode`. */
static int
prepare(struct ext *e, ext2_ino_t number, unsigned flags, uint32_t *mode)
{
    struct ext_inode inode;
    int error = ext_inode_read(e, number, &inode);

    if (error)
        return error;
    *mode = inode.raw.i_mode;
    if (flags & (FILE_O_PATH | FILE_O_TMPFILE) || LINUX_S_ISDIR(*mode))
        return 0;
    if (!LINUX_S_ISREG(*mode))
        return -ENXIO; /* nothing is behind the name of a pipe, socket or device */
    return flags & FILE_O_TRUNC ? ext_inode_resize(e, &inode, 0) : 0;
}

static int
open_entered(struct ext *e, const char *path, unsigned flags, uint32_t *mode,
             struct ext_file *f)
{
    ext2_ino_t inode;
    int error = ext_find(e, path, &inode);

    if (!error && (flags & FILE_O_TMPFILE))
        error = ext_make_nameless(e, inode, FS_S_IFREG | 0600, &inode);
    if (!error)
        error = prepare(e, inode, flags, mode);
    if (error)
        return error;
    f->node = hold_node(e, inode);
    return f->node ? 0 : -ENOMEM;
}

int
ext_open(struct fs_mount *mount, const char *path, unsigned flags, struct file **out)
{
    struct ext *e = to_ext(mount);
    bool changes = flags & (FILE_O_TRUNC | FILE_O_TMPFILE);
    bool writes = changes || (flags & FILE_O_ACCMODE) != FILE_O_RDONLY;
    struct ext_file *f = kmalloc(sizeof(*f));
    uint32_t mode = 0;
    int error = f ? 0 : -ENOMEM;

    if (!error && writes && !(flags & FILE_O_PATH)) {
        error = ext_enter_change(e);
        if (!error)
            error = ext_leave_change(e, open_entered(e, path, flags, &mode, f));
    } else if (!error) {
        ext_enter(e);
        error = open_entered(e, path, flags, &mode, f);
        ext_leave(e);
    }
    if (error) {
        kfree(f);
        return error;
    }
    f->file.ops = ops_for(mode, flags);
    f->file.flags = flags & FS_STATUS_FLAGS;
    f->file.refs = 1;
    *out = &f->file;
    return 0;
}

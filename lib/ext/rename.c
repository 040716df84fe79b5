/*
 * Renaming and exchanging names, with the rules of Linux's calls and, where two are broken at once, its
 * order. Both names change within one commit.
 */
#include "kernel/string.h"
#include "lib/ext/ext.h"

struct name {
    ext2_ino_t parent;
    const char *text;
    struct ext_inode inode; /* number 0: it is not there */
};

static int
find_name(struct ext *e, const char *path, struct name *out)
{
    int error = ext_look_up(e, path, &out->parent, &out->text, &out->inode.number);

    return error || !out->inode.number ? error
                                       : ext_inode_read(e, out->inode.number, &out->inode);
}

static bool
is_directory(const struct name *name)
{
    return LINUX_S_ISDIR(name->inode.raw.i_mode);
}

/* True, or an error, if the directory lies somewhere above, or is, the other one. */
static int
is_above(struct ext *e, ext2_ino_t directory, ext2_ino_t other)
{
    int error = 0;

    while (!error && other != directory && other != EXT2_ROOT_INO)
        error = ext_look(e, other, "..", &other);
    return error ? error : other == directory;
}

static int
rename_allowed(struct ext *e, const struct name *from, const struct name *to, unsigned flags)
{
    bool there = to->inode.number;

    if (!from->inode.number)
        return -ENOENT;
    if (there && (flags & FS_RENAME_NOREPLACE))
        return -EEXIST;
    if (!there && (flags & FS_RENAME_EXCHANGE))
        return -ENOENT;
    int above = is_directory(from) ? is_above(e, from->inode.number, to->parent) : 0;
    if (above)
        return above < 0 ? above : -EINVAL;
    above = there && is_directory(to) ? is_above(e, to->inode.number, from->parent) : 0;
    if (above)
        return above < 0 ? above : flags & FS_RENAME_EXCHANGE ? -EINVAL : -ENOTEMPTY;
    if (!there || (flags & FS_RENAME_EXCHANGE) || to->inode.number == from->inode.number)
        return 0;
    return ext_removable(e, &to->inode, is_directory(from));
}

static int
set_dot_dot(ext2_ino_t directory, int entry, struct ext2_dir_entry *dirent, int offset,
            int size, char *block, void *parent)
{
    (void)directory, (void)offset, (void)size, (void)block;
    if (entry != DIRENT_DOT_DOT_FILE)
        return 0;
    dirent->inode = *(ext2_ino_t *)parent;
    return DIRENT_CHANGED | DIRENT_ABORT;
}

/* A name has got what was elsewhere. */
static int
moved(struct ext *e, const struct name *what, ext2_ino_t parent)
{
    struct ext_inode inode;
    int error = 0;

    if (is_directory(what) && what->parent != parent) {
        error = ext_error(
            ext2fs_dir_iterate2(e->fs, what->inode.number, 0, NULL, set_dot_dot, &parent));
        if (!error)
            error = ext_touch(e, what->parent, -1);
        if (!error)
            error = ext_touch(e, parent, 1);
    }
    if (!error)
        error = ext_inode_read(e, what->inode.number, &inode);
    if (error)
        return error;
    ext_inode_set_time(e, &inode, EXT_CTIME, fs_now());
    return ext_inode_write(e, &inode);
}

static int
move(struct ext *e, struct name *from, struct name *to)
{
    int error = to->inode.number ? ext_remove_from(e, to->parent, to->text, &to->inode) : 0;

    if (!error)
        error =
            ext_add_name(e, to->parent, to->text, from->inode.number, from->inode.raw.i_mode);
    if (!error)
        error = ext_remove_name(e, from->parent, from->text);
    if (!error)
        error = moved(e, from, to->parent);
    if (!error)
        error = ext_touch(e, from->parent, 0);
    return error ? error : ext_touch(e, to->parent, 0);
}

static int
exchange(struct ext *e, struct name *a, struct name *b)
{
    int error = ext_remove_name(e, a->parent, a->text);

    if (!error)
        error = ext_remove_name(e, b->parent, b->text);
    if (!error)
        error = ext_add_name(e, a->parent, a->text, b->inode.number, b->inode.raw.i_mode);
    if (!error)
        error = ext_add_name(e, b->parent, b->text, a->inode.number, a->inode.raw.i_mode);
    if (!error)
        error = moved(e, a, b->parent);
    return error ? error : moved(e, b, a->parent);
}

static int
rename_entered(struct ext *e, const char *from_path, const char *to_path, unsigned flags)
{
    struct name *names = kmalloc(2 * sizeof(*names)), *from = names, *to = names + 1;

    if (!names)
        return -ENOMEM;
    int error = find_name(e, from_path, from);
    if (!error)
        error = find_name(e, to_path, to);
    if (!error)
        error = rename_allowed(e, from, to, flags);
    if (!error && from->inode.number != to->inode.number)
        error = flags & FS_RENAME_EXCHANGE ? exchange(e, from, to) : move(e, from, to);
    kfree(names);
    return error;
}

int
ext_rename(struct fs_mount *mount, const char *from, const char *to, unsigned flags)
{
    struct ext *e = to_ext(mount);
    int error = ext_enter_change(e);

    return error ? error : ext_leave_change(e, rename_entered(e, from, to, flags));
}

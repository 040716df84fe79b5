/*
 * What changes the tree of an ext file system: making, removing, renaming and linking, with the rules
 * of Linux's calls. Each change is whole within one commit.
 */
#include "kernel/string.h"
#include "lib/ext/ext.h"

static struct ext *
to_ext(struct fs_mount *mount)
{
    return container_of(mount, struct ext, mount);
}

/* The directory of a path, the last component, and the inode of that name, 0 if there is none. */
static int
look_up(struct ext *e, const char *path, ext2_ino_t *parent, const char **name,
        ext2_ino_t *inode)
{
    int error = ext_find_parent(e, path, parent, name);

    if (!error)
        error = ext_look(e, *parent, *name, inode);
    else
        return error;
    if (error == -ENOENT)
        *inode = 0;
    return error == -ENOENT ? 0 : error;
}

static int
type_of(uint32_t mode)
{
    switch (mode & FS_S_IFMT) {
    case FS_S_IFDIR:
        return EXT2_FT_DIR;
    case FS_S_IFLNK:
        return EXT2_FT_SYMLINK;
    case FS_S_IFCHR:
        return EXT2_FT_CHRDEV;
    case FS_S_IFBLK:
        return EXT2_FT_BLKDEV;
    case FS_S_IFIFO:
        return EXT2_FT_FIFO;
    case FS_S_IFSOCK:
        return EXT2_FT_SOCK;
    default:
        return EXT2_FT_REG_FILE;
    }
}

/* A directory has got or lost a name. */
static int
touch(struct ext *e, ext2_ino_t directory, int links)
{
    struct ext_inode inode;
    int error = ext_inode_read(e, directory, &inode);

    if (error)
        return error;
    if (inode.raw.i_links_count != 1) /* which stands for more than can be counted */
        inode.raw.i_links_count = (uint16_t)(inode.raw.i_links_count + links);
    ext_inode_set_time(e, &inode, EXT_MTIME | EXT_CTIME, fs_now());
    return ext_inode_write(e, &inode);
}

static int
add_name(struct ext *e, ext2_ino_t parent, const char *name, ext2_ino_t inode, uint32_t mode)
{
    errcode_t error = ext2fs_link(e->fs, parent, name, inode, type_of(mode));

    if (error == EXT2_ET_DIR_NO_SPACE) {
        error = ext2fs_expand_dir(e->fs, parent);
        if (!error)
            error = ext2fs_link(e->fs, parent, name, inode, type_of(mode));
    }
    return ext_error(error);
}

static int
remove_name(struct ext *e, ext2_ino_t parent, const char *name)
{
    return ext_error(ext2fs_unlink(e->fs, parent, name, 0, 0));
}

/* ---- making ---- */

static int
new_file(struct ext *e, ext2_ino_t parent, uint32_t mode, uint16_t links,
         struct ext_inode *inode)
{
    *inode = (struct ext_inode){0};
    int error = ext_error(ext2fs_new_inode(e->fs, parent, (int)mode, NULL, &inode->number));
    if (error)
        return error;
    inode->raw.i_mode = (uint16_t)mode;
    inode->raw.i_links_count = links;
    if (ext2fs_has_feature_extents(e->fs->super) && (mode & FS_S_IFMT) == FS_S_IFREG) {
        ext2_extent_handle_t handle;
        inode->raw.i_flags |= EXT4_EXTENTS_FL;
        error = ext_error(ext2fs_extent_open2(e->fs, inode->number, ext_short(inode),
                                              &handle)); /* fills it */
        if (error)
            return error;
        ext2fs_extent_free(handle);
    }
    error = ext_error(ext2fs_write_new_inode(e->fs, inode->number, ext_short(inode)));
    if (error)
        return error;
    ext_space_inode(e, inode->number, 1, false);
    return ext_inode_read(e, inode->number, inode);
}

static int
new_directory(struct ext *e, ext2_ino_t parent, const char *name, ext2_ino_t *out)
{
    int error = ext_error(ext2fs_new_inode(e->fs, parent, LINUX_S_IFDIR, NULL, out));

    if (error)
        return error;
    errcode_t made = ext2fs_mkdir(e->fs, parent, *out, name);
    if (made == EXT2_ET_DIR_NO_SPACE) {
        made = ext2fs_expand_dir(e->fs, parent);
        if (!made)
            made = ext2fs_mkdir(e->fs, parent, *out, name);
    }
    if (!made)
        e->groups[ext2fs_group_of_ino(e->fs, *out)] |= EXT_GROUP_INODES;
    return ext_error(made);
}

static int
new_link(struct ext *e, ext2_ino_t parent, const char *name, const char *target,
         ext2_ino_t *out)
{
    if (strlen(target) >= e->fs->blocksize)
        return -ENAMETOOLONG;
    int error = ext_error(ext2fs_new_inode(e->fs, parent, LINUX_S_IFLNK | 0777, NULL, out));
    if (error)
        return error;
    errcode_t made = ext2fs_symlink(e->fs, parent, *out, name, target);
    if (made == EXT2_ET_DIR_NO_SPACE) {
        made = ext2fs_expand_dir(e->fs, parent);
        if (!made)
            made = ext2fs_symlink(e->fs, parent, *out, name, target);
    }
    if (!made)
        e->groups[ext2fs_group_of_ino(e->fs, *out)] |= EXT_GROUP_INODES;
    return ext_error(made);
}

/* Mode, owner and times of what was just made. */
static int
dress(struct ext *e, ext2_ino_t number, uint32_t mode, const struct ext_inode *parent)
{
    bool inherits = parent->raw.i_mode & FS_S_ISGID;
    struct file_time now = fs_now();
    struct file_change change = {
        .set = FILE_SET_MODE | FILE_SET_UID | FILE_SET_GID | FILE_SET_ATIME | FILE_SET_MTIME,
        .mode = mode | (inherits && (mode & FS_S_IFMT) == FS_S_IFDIR ? FS_S_ISGID : 0),
        .gid = inherits ? inode_gid(parent->raw) : 0,
        .atime = now,
        .mtime = now,
    };

    return ext_inode_change(e, number, &change);
}

static int
make(struct ext *e, ext2_ino_t parent, const char *name, uint32_t mode, const char *target)
{
    struct ext_inode above, inode;
    int error = ext_inode_read(e, parent, &above);

    if (error)
        return error;
    if (target) {
        error = new_link(e, parent, name, target, &inode.number);
    } else if ((mode & FS_S_IFMT) == FS_S_IFDIR) {
        if (above.raw.i_links_count >= EXT2_LINK_MAX)
            return -EMLINK;
        error = new_directory(e, parent, name, &inode.number);
    } else {
        error = new_file(e, parent, mode, 1, &inode);
        if (!error)
            error = add_name(e, parent, name, inode.number, mode);
        if (error && inode.number)
            (void)ext_inode_free(e, &inode);
    }
    if (!error)
        error = dress(e, inode.number, mode, &above);
    return error ? error : touch(e, parent, 0);
}

static int
ext_create(struct fs_mount *mount, const char *path, uint32_t mode, const char *target)
{
    struct ext *e = to_ext(mount);
    ext2_ino_t parent, inode;
    const char *name;
    int error = ext_enter_change(e);

    if (error)
        return error;
    error = look_up(e, path, &parent, &name, &inode);
    if (!error)
        error = inode ? -EEXIST : make(e, parent, name, mode, target);
    return ext_leave_change(e, error);
}

int
ext_make_nameless(struct ext *e, ext2_ino_t parent, uint32_t mode, ext2_ino_t *out)
{
    struct ext_inode above, inode;
    int error = ext_inode_read(e, parent, &above);

    if (!error)
        error = new_file(e, parent, mode, 0, &inode);
    if (!error)
        error = dress(e, inode.number, mode, &above);
    if (!error)
        error = ext_inode_read(e, inode.number, &inode);
    if (!error)
        error = ext_orphan_add(e, &inode);
    *out = inode.number;
    return error;
}

/* ---- removing ---- */

/* One name less; without any, it is gone when nobody has it open. */
static int
drop_link(struct ext *e, struct ext_inode *inode)
{
    bool directory = LINUX_S_ISDIR(inode->raw.i_mode);

    inode->raw.i_links_count = directory ? 0 : (uint16_t)(inode->raw.i_links_count - 1);
    ext_inode_set_time(e, inode, EXT_CTIME, fs_now());
    if (inode->raw.i_links_count)
        return ext_inode_write(e, inode);
    return ext_node_find(e, inode->number) ? ext_orphan_add(e, inode)
                                           : ext_inode_free(e, inode);
}

static int
removable(struct ext *e, const struct ext_inode *inode, bool directory)
{
    if (!LINUX_S_ISDIR(inode->raw.i_mode))
        return directory ? -ENOTDIR : 0;
    if (!directory)
        return -EISDIR;
    return ext_directory_empty(e, inode->number) ? 0 : -ENOTEMPTY;
}

static int
remove_from(struct ext *e, ext2_ino_t parent, const char *name, struct ext_inode *inode)
{
    int error = remove_name(e, parent, name);

    if (!error)
        error = drop_link(e, inode);
    return error ? error : touch(e, parent, LINUX_S_ISDIR(inode->raw.i_mode) ? -1 : 0);
}

static int
ext_remove(struct fs_mount *mount, const char *path, bool directory)
{
    struct ext *e = to_ext(mount);
    struct ext_inode inode;
    ext2_ino_t parent, number;
    const char *name;
    int error = ext_enter_change(e);

    if (error)
        return error;
    error = look_up(e, path, &parent, &name, &number);
    if (!error)
        error = number ? ext_inode_read(e, number, &inode) : -ENOENT;
    if (!error)
        error = removable(e, &inode, directory);
    if (!error)
        error = remove_from(e, parent, name, &inode);
    return ext_leave_change(e, error);
}

/* ---- renaming ---- */

struct name {
    ext2_ino_t parent;
    const char *text;
    struct ext_inode inode; /* number 0: it is not there */
};

static int
find_name(struct ext *e, const char *path, struct name *out)
{
    int error = look_up(e, path, &out->parent, &out->text, &out->inode.number);

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
    return removable(e, &to->inode, is_directory(from));
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
            error = touch(e, what->parent, -1);
        if (!error)
            error = touch(e, parent, 1);
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
    int error = to->inode.number ? remove_from(e, to->parent, to->text, &to->inode) : 0;

    if (!error)
        error = add_name(e, to->parent, to->text, from->inode.number, from->inode.raw.i_mode);
    if (!error)
        error = remove_name(e, from->parent, from->text);
    if (!error)
        error = moved(e, from, to->parent);
    if (!error)
        error = touch(e, from->parent, 0);
    return error ? error : touch(e, to->parent, 0);
}

static int
exchange(struct ext *e, struct name *a, struct name *b)
{
    int error = remove_name(e, a->parent, a->text);

    if (!error)
        error = remove_name(e, b->parent, b->text);
    if (!error)
        error = add_name(e, a->parent, a->text, b->inode.number, b->inode.raw.i_mode);
    if (!error)
        error = add_name(e, b->parent, b->text, a->inode.number, a->inode.raw.i_mode);
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

static int
ext_rename(struct fs_mount *mount, const char *from, const char *to, unsigned flags)
{
    struct ext *e = to_ext(mount);
    int error = ext_enter_change(e);

    return error ? error : ext_leave_change(e, rename_entered(e, from, to, flags));
}

/* ---- linking ---- */

static int
link_entered(struct ext *e, const char *from, const char *to)
{
    struct ext_inode inode;
    ext2_ino_t number, parent, there;
    const char *name;
    int error = ext_find(e, from, &number);

    if (!error)
        error = look_up(e, to, &parent, &name, &there);
    if (!error && there)
        error = -EEXIST;
    if (!error)
        error = ext_inode_read(e, number, &inode);
    if (error)
        return error;
    if (LINUX_S_ISDIR(inode.raw.i_mode))
        return -EPERM;
    if (inode.raw.i_links_count >= EXT2_LINK_MAX)
        return -EMLINK;
    error = add_name(e, parent, name, number, inode.raw.i_mode);
    if (error)
        return error;
    inode.raw.i_links_count++;
    ext_inode_set_time(e, &inode, EXT_CTIME, fs_now());
    error = ext_inode_write(e, &inode);
    return error ? error : touch(e, parent, 0);
}

static int
ext_link(struct fs_mount *mount, const char *from, const char *to)
{
    struct ext *e = to_ext(mount);
    int error = ext_enter_change(e);

    return error ? error : ext_leave_change(e, link_entered(e, from, to));
}

const struct fs_changes ext_changes = {
    .create = ext_create,
    .remove = ext_remove,
    .rename = ext_rename,
    .link = ext_link,
};

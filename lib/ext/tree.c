/*
 * What changes the tree of an ext file system: making, removing and linking (rename.c renames), with the
 * rules of Linux's calls. Each change is whole within one commit.
 */
#include "kernel/string.h"
#include "lib/ext/ext.h"
#include "lib/libc/ids.h"

/* The directory of a path, the last component, and the inode of that name, 0 if there is none. */
int
ext_look_up(struct ext *e, const char *path, ext2_ino_t *parent, const char **name,
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
int
ext_touch(struct ext *e, ext2_ino_t directory, int links)
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

int
ext_add_name(struct ext *e, ext2_ino_t parent, const char *name, ext2_ino_t inode,
             uint32_t mode)
{
    errcode_t error = ext2fs_link(e->fs, parent, name, inode, type_of(mode));

    if (error == EXT2_ET_DIR_NO_SPACE) {
        error = ext2fs_expand_dir(e->fs, parent);
        if (!error)
            error = ext2fs_link(e->fs, parent, name, inode, type_of(mode));
    }
    return ext_error(error);
}

int
ext_remove_name(struct ext *e, ext2_ino_t parent, const char *name)
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
        .atime = now,
        .mtime = now,
    };

    if (ids_of_files)
        ids_of_files(&change.uid, &change.gid);
    if (inherits)
        change.gid = inode_gid(parent->raw);
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
            error = ext_add_name(e, parent, name, inode.number, mode);
        if (error && inode.number)
            (void)ext_inode_free(e, &inode);
    }
    if (!error)
        error = dress(e, inode.number, mode, &above);
    return error ? error : ext_touch(e, parent, 0);
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
    error = ext_look_up(e, path, &parent, &name, &inode);
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

int
ext_removable(struct ext *e, const struct ext_inode *inode, bool directory)
{
    if (!LINUX_S_ISDIR(inode->raw.i_mode))
        return directory ? -ENOTDIR : 0;
    if (!directory)
        return -EISDIR;
    return ext_directory_empty(e, inode->number) ? 0 : -ENOTEMPTY;
}

int
ext_remove_from(struct ext *e, ext2_ino_t parent, const char *name, struct ext_inode *inode)
{
    int error = ext_remove_name(e, parent, name);

    if (!error)
        error = drop_link(e, inode);
    return error ? error : ext_touch(e, parent, LINUX_S_ISDIR(inode->raw.i_mode) ? -1 : 0);
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
    error = ext_look_up(e, path, &parent, &name, &number);
    if (!error)
        error = number ? ext_inode_read(e, number, &inode) : -ENOENT;
    if (!error)
        error = ext_removable(e, &inode, directory);
    if (!error)
        error = ext_remove_from(e, parent, name, &inode);
    return ext_leave_change(e, error);
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
        error = ext_look_up(e, to, &parent, &name, &there);
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
    error = ext_add_name(e, parent, name, number, inode.raw.i_mode);
    if (error)
        return error;
    inode.raw.i_links_count++;
    ext_inode_set_time(e, &inode, EXT_CTIME, fs_now());
    error = ext_inode_write(e, &inode);
    return error ? error : ext_touch(e, parent, 0);
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

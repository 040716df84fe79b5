/*
 * What changes the tree of a file system in memory: making, removing, renaming and linking, with
 * the rules of Linux's calls and, where two are broken at once, its order.
 */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/string.h"
#include "lib/fs/tmp.h"

static struct tmpfs *
to_tmpfs(struct fs_mount *mount)
{
    return container_of(mount, struct tmpfs, mount);
}

/* The directory of a path, the last component, and the name if it is there. */
static int
look_up(struct fs_mount *mount, const char *path, struct tmp_node **parent, const char **text,
        struct tmp_name **name)
{
    const struct tmpfs *fs = to_tmpfs(mount);
    int error = tmp_find_parent(fs, path, parent, text);

    if (error)
        return error;
    *name = tmp_look(fs, *parent, *text, strlen(*text));
    return 0;
}

static int
tmp_create(struct fs_mount *mount, const char *path, uint32_t mode, const char *target)
{
    struct tmp_node *parent, *node;
    struct tmp_name *name;
    const char *text;
    int error = look_up(mount, path, &parent, &text, &name);

    if (error)
        return error;
    if (name)
        return -EEXIST;
    node = tmp_node_new(parent->fs, mode);
    if (!node)
        return -ENOSPC;
    if (parent->mode & FS_S_ISGID) {
        node->gid = parent->gid;
        node->mode |= tmp_is(node, FS_S_IFDIR) ? FS_S_ISGID : 0;
    }
    if (target)
        node->target = kstrdup(target);
    error = target && !node->target ? -ENOSPC : tmp_add_name(parent, text, node);
    if (error) {
        node->links = 0;
        tmp_node_drop(node);
    }
    return error;
}

static int
removable(const struct tmp_node *node, bool directory)
{
    if (!tmp_is(node, FS_S_IFDIR))
        return directory ? -ENOTDIR : 0;
    if (!directory)
        return -EISDIR;
    return node->nr_entries ? -ENOTEMPTY : 0;
}

static int
tmp_remove(struct fs_mount *mount, const char *path, bool directory)
{
    struct tmp_node *parent;
    struct tmp_name *name;
    const char *text;
    int error = look_up(mount, path, &parent, &text, &name);

    if (!error)
        error = name ? removable(name->node, directory) : -ENOENT;
    if (!error)
        tmp_remove_name(name);
    return error;
}

/* True if the directory lies somewhere above, or is, the other one. */
static bool
is_above(const struct tmp_node *directory, const struct tmp_node *other)
{
    while (other != directory && other->name)
        other = other->name->parent;
    return other == directory;
}

static int
rename_allowed(const struct tmp_name *from, const struct tmp_name *to,
               const struct tmp_node *to_parent, unsigned flags)
{
    if (to && (flags & FS_RENAME_NOREPLACE))
        return -EEXIST;
    if (!to && (flags & FS_RENAME_EXCHANGE))
        return -ENOENT;
    if (is_above(from->node, to_parent) && tmp_is(from->node, FS_S_IFDIR))
        return -EINVAL;
    if (!to)
        return 0;
    if (tmp_is(to->node, FS_S_IFDIR) && is_above(to->node, from->parent))
        return flags & FS_RENAME_EXCHANGE ? -EINVAL : -ENOTEMPTY;
    if ((flags & FS_RENAME_EXCHANGE) || to->node == from->node)
        return 0;
    return removable(to->node, tmp_is(from->node, FS_S_IFDIR));
}

static int
tmp_rename(struct fs_mount *mount, const char *from, const char *to, unsigned flags)
{
    struct tmp_node *from_parent, *to_parent;
    struct tmp_name *old, *new;
    const char *from_text, *to_text;
    int error = look_up(mount, from, &from_parent, &from_text, &old);

    if (!error)
        error = look_up(mount, to, &to_parent, &to_text, &new);
    if (!error && !old)
        error = -ENOENT;
    if (!error)
        error = rename_allowed(old, new, to_parent, flags);
    if (error || (new &&new->node == old->node))
        return error;
    if (flags & FS_RENAME_EXCHANGE) {
        tmp_swap_names(old, new);
        return 0;
    }
    error = tmp_move_name(old, to_parent, to_text);
    if (!error && new)
        tmp_remove_name(new);
    return error;
}

static int
tmp_link(struct fs_mount *mount, const char *from, const char *to)
{
    struct tmp_node *node, *parent;
    struct tmp_name *name;
    const char *text;
    int error = tmp_find(to_tmpfs(mount), from, &node);

    if (!error)
        error = look_up(mount, to, &parent, &text, &name);
    if (error)
        return error;
    if (name)
        return -EEXIST;
    if (tmp_is(node, FS_S_IFDIR))
        return -EPERM;
    error = tmp_add_name(parent, text, node);
    if (!error)
        node->ctime = parent->ctime;
    return error;
}

const struct fs_changes tmp_changes = {
    .create = tmp_create,
    .remove = tmp_remove,
    .rename = tmp_rename,
    .link = tmp_link,
};

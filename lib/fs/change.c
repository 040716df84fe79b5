/*
 * The system calls that change directories: make, remove, rename and link names. What the file
 * system behind cannot know is found out here: whether a path ends in a name at all, in a slash,
 * in the place of a mount, or in a tree that is read-only. The order of the errors is Linux's.
 */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/string.h"
#include "lib/fs/calls.h"
#include "lib/libc/syscall.h"

#define MODE_MKDIR 01777
#define TARGET_MAX 4096 /* bytes of a link's target, its NUL included */

const char fs_change_linked[1];

enum last { NAME, DOT, DOT_DOT, ROOT };

/* A name that is to be changed. */
struct name {
    char path[FS_PATH_MAX]; /* canonical; nobody follows what it is a link to */
    enum last last;         /* what the path ends in, as it was written */
    bool slash;             /* behind it, so it means a directory */
    struct fs_mount *mount; /* which has the directory of the name; NULL: none has */
    const char *rest;       /* the name below that mount */
    int found;              /* 0 with `st`, or -ENOENT and such */
    struct file_stat st;
};

static bool
is_directory(const struct name *name)
{
    return (name->st.mode & FS_S_IFMT) == FS_S_IFDIR;
}

static enum last
last_of(const char *path, bool *slash)
{
    size_t end = strlen(path), start;

    *slash = path[end - 1] == '/';
    while (end > 0 && path[end - 1] == '/')
        end--;
    for (start = end; start > 0 && path[start - 1] != '/';)
        start--;
    if (start == end)
        return ROOT;
    if (end - start == 1 && path[start] == '.')
        return DOT;
    return end - start == 2 && path[start] == '.' && path[start + 1] == '.' ? DOT_DOT : NAME;
}

/* Errors are those of the way to the name; that it is not there is none. The caller frees it. */
static int
find_name(int dirfd, const char *path, struct name **to)
{
    struct name *out = *to = kmalloc(sizeof(*out)); /* threads may have small stacks */
    int error = out ? fs_resolve_at(dirfd, path, FS_KEEP_NAME, out->path) : -ENOMEM;

    if (error)
        return error;
    out->last = last_of(path, &out->slash);
    out->found = fs_stat_canonical(out->path, &out->st);
    out->mount = out->last == NAME ? fs_find_above(out->path, &out->rest)
                                   : fs_find(out->path, &out->rest);
    return 0;
}

static const struct fs_changes *
changes_of(const struct name *name)
{
    return name->mount ? name->mount->type->changes : NULL;
}

/* Something is mounted there or below. */
static bool
is_busy(const struct name *name)
{
    const char *rest;
    const struct fs_mount *mount = fs_find(name->path, &rest);

    return mount != name->mount || fs_leads_to_mount(name->path);
}

/* ---- making ---- */

/* 0 if something may be made under this name. */
static int
makable(const struct name *name, bool directory)
{
    if (name->last != NAME)
        return -EEXIST;
    if (name->found != -ENOENT)
        return name->found ? name->found : -EEXIST;
    if (name->slash && !directory)
        return -ENOENT;
    return changes_of(name) ? 0 : -EROFS;
}

static long
make(int dirfd, const char *path, uint32_t mode, const char *target)
{
    struct name *name;
    int error = find_name(dirfd, path, &name);

    if (!error)
        error = makable(name, (mode & FS_S_IFMT) == FS_S_IFDIR);
    if (!error)
        error = changes_of(name)->create(name->mount, name->rest, mode, target);
    kfree(name);
    return error;
}

static long
make_directory(int dirfd, const char *path, uint32_t mode)
{
    return make(dirfd, path, FS_S_IFDIR | (fs_masked(mode) & MODE_MKDIR), NULL);
}

SYSCALL(39, mkdir, const char *path, uint32_t mode)
{
    return make_directory(AT_FDCWD, path, mode);
}

SYSCALL(296, mkdirat, int dirfd, const char *path, uint32_t mode)
{
    return make_directory(dirfd, path, mode);
}

static long
make_special(int dirfd, const char *path, uint32_t mode)
{
    uint32_t type = mode & FS_S_IFMT;

    if (type == FS_S_IFDIR)
        return -EPERM;
    if (type == 0)
        type = FS_S_IFREG;
    if (type != FS_S_IFREG && type != FS_S_IFIFO && type != FS_S_IFSOCK && type != FS_S_IFCHR &&
        type != FS_S_IFBLK)
        return -EINVAL;
    return make(dirfd, path, type | fs_masked(mode), NULL);
}

SYSCALL(14, mknod, const char *path, uint32_t mode)
{
    return make_special(AT_FDCWD, path, mode);
}

SYSCALL(297, mknodat, int dirfd, const char *path, uint32_t mode)
{
    return make_special(dirfd, path, mode);
}

long
fs_make_socket(const char *path)
{
    return make_special(AT_FDCWD, path, FS_S_IFSOCK | 0777);
}

static long
make_link(const char *target, int dirfd, const char *path)
{
    if (!target)
        return -EFAULT;
    if (!*target)
        return -ENOENT;
    if (strnlen(target, TARGET_MAX) == TARGET_MAX)
        return -ENAMETOOLONG;
    return make(dirfd, path, FS_S_IFLNK | 0777, target);
}

SYSCALL(83, symlink, const char *target, const char *path)
{
    return make_link(target, AT_FDCWD, path);
}

SYSCALL(304, symlinkat, const char *target, int dirfd, const char *path)
{
    return make_link(target, dirfd, path);
}

/* ---- removing ---- */

static int
removable(const struct name *name, bool directory)
{
    if (name->last != NAME && !directory)
        return -EISDIR;
    if (name->last != NAME)
        return name->last == DOT_DOT ? -ENOTEMPTY : name->last == DOT ? -EINVAL : -EBUSY;
    if (!changes_of(name))
        return -EROFS;
    if (name->found)
        return name->found;
    if (is_directory(name) && !directory)
        return -EISDIR;
    if (!is_directory(name) && (directory || name->slash))
        return -ENOTDIR;
    return is_busy(name) ? -EBUSY : 0;
}

static long
remove_name(int dirfd, const char *path, bool directory)
{
    struct name *name;
    int error = find_name(dirfd, path, &name);

    if (!error)
        error = removable(name, directory);
    if (!error)
        error = changes_of(name)->remove(name->mount, name->rest, directory);
    kfree(name);
    return error;
}

SYSCALL(10, unlink, const char *path)
{
    return remove_name(AT_FDCWD, path, false);
}

SYSCALL(40, rmdir, const char *path)
{
    return remove_name(AT_FDCWD, path, true);
}

SYSCALL(301, unlinkat, int dirfd, const char *path, int flags)
{
    if (flags & ~AT_REMOVEDIR)
        return -EINVAL;
    return remove_name(dirfd, path, flags & AT_REMOVEDIR);
}

/* ---- renaming ---- */

/* What the file system behind cannot tell. */
static int
renamable(const struct name *from, const struct name *to, unsigned flags)
{
    if (from->mount != to->mount)
        return -EXDEV;
    if (from->last != NAME)
        return -EBUSY;
    if (to->last != NAME)
        return flags & FS_RENAME_NOREPLACE ? -EEXIST : -EBUSY;
    if (!changes_of(from))
        return -EROFS;
    if (from->found)
        return from->found;
    if (!to->found && (flags & FS_RENAME_NOREPLACE))
        return -EEXIST;
    if (!is_directory(from) && (from->slash || (to->slash && !(flags & FS_RENAME_EXCHANGE))))
        return -ENOTDIR;
    return is_busy(from) || is_busy(to) ? -EBUSY : 0;
}

static long
rename_name(int from_dirfd, const char *from_path, int to_dirfd, const char *to_path,
            unsigned flags)
{
    struct name *from, *to = NULL;

    if ((flags & ~(FS_RENAME_NOREPLACE | FS_RENAME_EXCHANGE)) ||
        flags == (FS_RENAME_NOREPLACE | FS_RENAME_EXCHANGE))
        return -EINVAL;
    int error = find_name(from_dirfd, from_path, &from);
    if (!error)
        error = find_name(to_dirfd, to_path, &to);
    if (!error)
        error = renamable(from, to, flags);
    if (!error)
        error = changes_of(from)->rename(from->mount, from->rest, to->rest, flags);
    kfree(from);
    kfree(to);
    return error;
}

SYSCALL(38, rename, const char *from, const char *to)
{
    return rename_name(AT_FDCWD, from, AT_FDCWD, to, 0);
}

SYSCALL(302, renameat, int from_dirfd, const char *from, int to_dirfd, const char *to)
{
    return rename_name(from_dirfd, from, to_dirfd, to, 0);
}

SYSCALL(353, renameat2, int from_dirfd, const char *from, int to_dirfd, const char *to,
        unsigned flags)
{
    return rename_name(from_dirfd, from, to_dirfd, to, flags);
}

/* ---- linking ---- */

/* `old` is canonical. */
static int
link_to(const char *old, int dirfd, const char *path)
{
    struct name *new;
    const char *rest;
    int error = find_name(dirfd, path, &new);

    if (!error)
        error = makable(new, false);
    if (!error && fs_find(old, &rest) != new->mount)
        error = -EXDEV;
    if (!error)
        error = changes_of(new)->link(new->mount, rest, new->rest);
    kfree(new);
    return error;
}

static long
link_name(int from_dirfd, const char *from, int to_dirfd, const char *to, int flags)
{
    enum fs_follow follow = flags & AT_SYMLINK_FOLLOW ? FS_FOLLOW_LINK : FS_KEEP_LINK;
    struct file_stat st;

    if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    char *old = kmalloc(FS_PATH_MAX);
    if (!old)
        return -ENOMEM;
    int error = fs_resolve_at(from_dirfd, from, follow, old);
    if (!error)
        error = fs_stat_canonical(old, &st);
    if (!error)
        error = link_to(old, to_dirfd, to);
    kfree(old);
    return error;
}

SYSCALL(9, link, const char *from, const char *to)
{
    return link_name(AT_FDCWD, from, AT_FDCWD, to, 0);
}

SYSCALL(303, linkat, int from_dirfd, const char *from, int to_dirfd, const char *to, int flags)
{
    return link_name(from_dirfd, from, to_dirfd, to, flags);
}

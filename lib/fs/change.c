/*
 * The system calls that would change a directory or a file by its name. No file system here
 * can, so each of them looks whether the name is there, as the call would, and then says
 * that the tree is read-only: a program gets the error that it would get elsewhere.
 */
#include "kernel/kernel.h"
#include "lib/fs/calls.h"
#include "lib/libc/syscall.h"

const char fs_change_linked[1];

/* Of a name that has to be there. */
static long
refuse_change(long dirfd, long path)
{
    struct file_stat st;
    int error = fs_stat_at(dirfd, (const char *)path, false, &st);

    return error ? error : -EROFS;
}

/* Of a name that must not be there, in a folder that has to be. */
static long
refuse_new(long dirfd, long path)
{
    char canonical[FS_PATH_MAX];
    struct file_stat st;
    const char *base;
    int error = fs_base(dirfd, (const char *)path, &base);

    if (!error)
        error = fs_resolve(base, (const char *)path, false, canonical);
    if (error)
        return error;
    error = fs_stat_canonical(canonical, &st);
    if (error == -ENOENT)
        return -EROFS;
    return error ? error : -EEXIST;
}

static long
refuse_link(long from_dirfd, long from, long to_dirfd, long to)
{
    long error = refuse_change(from_dirfd, from);

    return error == -EROFS ? refuse_new(to_dirfd, to) : error;
}

static long
refuse_descriptor(long fd)
{
    return fd_get((int)fd) ? -EROFS : -EBADF;
}

/* A call that only has a result: REFUSE(number of the call, its name, result). */
#define REFUSE(nr, call, result)         \
    static long sys_##call(SYSCALL_ARGS) \
    {                                    \
        return result;                   \
    }                                    \
    SYSCALL(nr, call)

REFUSE(10, unlink, refuse_change(AT_FDCWD, a));
REFUSE(40, rmdir, refuse_change(AT_FDCWD, a));
REFUSE(301, unlinkat, refuse_change(a, b));
REFUSE(38, rename, refuse_change(AT_FDCWD, a));
REFUSE(302, renameat, refuse_change(a, b));
REFUSE(15, chmod, refuse_change(AT_FDCWD, a));
REFUSE(306, fchmodat, refuse_change(a, b));
REFUSE(94, fchmod, refuse_descriptor(a));
REFUSE(212, chown32, refuse_change(AT_FDCWD, a));
REFUSE(198, lchown32, refuse_change(AT_FDCWD, a));
REFUSE(298, fchownat, refuse_change(a, b));
REFUSE(207, fchown32, refuse_descriptor(a));
REFUSE(193, truncate64, refuse_change(AT_FDCWD, a));
REFUSE(324, fallocate, refuse_descriptor(a));
REFUSE(39, mkdir, refuse_new(AT_FDCWD, a));
REFUSE(296, mkdirat, refuse_new(a, b));
REFUSE(14, mknod, refuse_new(AT_FDCWD, a));
REFUSE(297, mknodat, refuse_new(a, b));
REFUSE(9, link, refuse_link(AT_FDCWD, a, AT_FDCWD, b));
REFUSE(303, linkat, refuse_link(a, b, c, d));
REFUSE(83, symlink, refuse_new(AT_FDCWD, b));
REFUSE(304, symlinkat, refuse_new(b, c));

/* Without a path the times are those of the descriptor; musl passes them as what they fit. */
REFUSE(320, utimensat, b ? refuse_change(a, b) : refuse_descriptor(a));
REFUSE(412, utimensat_time64, b ? refuse_change(a, b) : refuse_descriptor(a));

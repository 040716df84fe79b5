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
refuse_change(int dirfd, const char *path)
{
    struct file_stat st;
    int error = fs_stat_at(dirfd, path, false, &st);

    return error ? error : -EROFS;
}

/* Of a name that must not be there, in a folder that has to be. */
static long
refuse_new(int dirfd, const char *path)
{
    char canonical[FS_PATH_MAX];
    struct file_stat st;
    const char *base;
    int error = fs_base(dirfd, path, &base);

    if (!error)
        error = fs_resolve(base, path, false, canonical);
    if (error)
        return error;
    error = fs_stat_canonical(canonical, &st);
    if (error == -ENOENT)
        return -EROFS;
    return error ? error : -EEXIST;
}

static long
refuse_link(int from_dirfd, const char *from, int to_dirfd, const char *to)
{
    long error = refuse_change(from_dirfd, from);

    return error == -EROFS ? refuse_new(to_dirfd, to) : error;
}

static long
refuse_descriptor(int fd)
{
    return fd_get(fd) ? -EROFS : -EBADF;
}

/* A call that only has a result: REFUSE(number, name, result, parameters). */
#define REFUSE(nr, call, result, ...)   \
    static long sys_##call(__VA_ARGS__) \
    {                                   \
        return result;                  \
    }                                   \
    SYSCALL_ENTRY(nr, call, sys_##call, false)

REFUSE(10, unlink, refuse_change(AT_FDCWD, path), const char *path);
REFUSE(40, rmdir, refuse_change(AT_FDCWD, path), const char *path);
REFUSE(301, unlinkat, refuse_change(dirfd, path), int dirfd, const char *path);
REFUSE(38, rename, refuse_change(AT_FDCWD, from), const char *from);
REFUSE(302, renameat, refuse_change(dirfd, from), int dirfd, const char *from);
REFUSE(15, chmod, refuse_change(AT_FDCWD, path), const char *path);
REFUSE(306, fchmodat, refuse_change(dirfd, path), int dirfd, const char *path);
REFUSE(94, fchmod, refuse_descriptor(fd), int fd);
REFUSE(212, chown32, refuse_change(AT_FDCWD, path), const char *path);
REFUSE(198, lchown32, refuse_change(AT_FDCWD, path), const char *path);
REFUSE(298, fchownat, refuse_change(dirfd, path), int dirfd, const char *path);
REFUSE(207, fchown32, refuse_descriptor(fd), int fd);
REFUSE(193, truncate64, refuse_change(AT_FDCWD, path), const char *path);
REFUSE(324, fallocate, refuse_descriptor(fd), int fd);
REFUSE(39, mkdir, refuse_new(AT_FDCWD, path), const char *path);
REFUSE(296, mkdirat, refuse_new(dirfd, path), int dirfd, const char *path);
REFUSE(14, mknod, refuse_new(AT_FDCWD, path), const char *path);
REFUSE(297, mknodat, refuse_new(dirfd, path), int dirfd, const char *path);
REFUSE(9, link, refuse_link(AT_FDCWD, from, AT_FDCWD, to), const char *from, const char *to);
REFUSE(303, linkat, refuse_link(from_dirfd, from, to_dirfd, to), int from_dirfd,
       const char *from, int to_dirfd, const char *to);
REFUSE(83, symlink, refuse_new(AT_FDCWD, path), UNUSED const char *text, const char *path);
REFUSE(304, symlinkat, refuse_new(dirfd, path), UNUSED const char *text, int dirfd,
       const char *path);

/* Without a path the times are those of the descriptor; musl passes them as what they fit. */
REFUSE(320, utimensat, path ? refuse_change(fd, path) : refuse_descriptor(fd), int fd,
       const char *path);
REFUSE(412, utimensat_time64, path ? refuse_change(fd, path) : refuse_descriptor(fd), int fd,
       const char *path);

/*
 * The system calls that would change a directory or a file by its name. No file system here
 * can, so each of them looks whether the name is there, as the call would, and then says
 * that the tree is read-only: a program gets the error that it would get elsewhere.
 */
#include "kernel/kernel.h"
#include "lib/fs/calls.h"
#include "lib/libc/syscall.h"

#define AT_FDCWD (-100)

const char fs_change_linked[1];

/* Of a name that has to be there. */
static long
refuse_change(long dirfd, long path)
{
    struct file_stat st;
    int error = fs_stat_at(dirfd, (const char *)path, false, &st);

    return error ? error : -EROFS;
}

/* Of a name that must not be there. */
static long
refuse_new(long dirfd, long path)
{
    long error = refuse_change(dirfd, path);

    if (error == -ENOENT)
        return -EROFS;
    return error == -EROFS ? -EEXIST : error;
}

static long
refuse_descriptor(long fd)
{
    return fd_get((int)fd) ? -EROFS : -EBADF;
}

static long
sys_unlink(SYSCALL_ARGS)
{
    return refuse_change(AT_FDCWD, a);
}
SYSCALL(10, unlink);

static long
sys_rmdir(SYSCALL_ARGS)
{
    return refuse_change(AT_FDCWD, a);
}
SYSCALL(40, rmdir);

static long
sys_unlinkat(SYSCALL_ARGS)
{
    return refuse_change(a, b);
}
SYSCALL(301, unlinkat);

static long
sys_rename(SYSCALL_ARGS)
{
    return refuse_change(AT_FDCWD, a);
}
SYSCALL(38, rename);

static long
sys_renameat(SYSCALL_ARGS)
{
    return refuse_change(a, b);
}
SYSCALL(302, renameat);

static long
sys_chmod(SYSCALL_ARGS)
{
    return refuse_change(AT_FDCWD, a);
}
SYSCALL(15, chmod);

static long
sys_fchmodat(SYSCALL_ARGS)
{
    return refuse_change(a, b);
}
SYSCALL(306, fchmodat);

static long
sys_fchmod(SYSCALL_ARGS)
{
    return refuse_descriptor(a);
}
SYSCALL(94, fchmod);

static long
sys_chown32(SYSCALL_ARGS)
{
    return refuse_change(AT_FDCWD, a);
}
SYSCALL(212, chown32);

static long
sys_lchown32(SYSCALL_ARGS)
{
    return refuse_change(AT_FDCWD, a);
}
SYSCALL(198, lchown32);

static long
sys_fchownat(SYSCALL_ARGS)
{
    return refuse_change(a, b);
}
SYSCALL(298, fchownat);

static long
sys_fchown32(SYSCALL_ARGS)
{
    return refuse_descriptor(a);
}
SYSCALL(207, fchown32);

static long
sys_truncate64(SYSCALL_ARGS)
{
    return refuse_change(AT_FDCWD, a);
}
SYSCALL(193, truncate64);

static long
sys_fallocate(SYSCALL_ARGS)
{
    return refuse_descriptor(a);
}
SYSCALL(324, fallocate);

static long
sys_mkdir(SYSCALL_ARGS)
{
    return refuse_new(AT_FDCWD, a);
}
SYSCALL(39, mkdir);

static long
sys_mkdirat(SYSCALL_ARGS)
{
    return refuse_new(a, b);
}
SYSCALL(296, mkdirat);

static long
sys_mknod(SYSCALL_ARGS)
{
    return refuse_new(AT_FDCWD, a);
}
SYSCALL(14, mknod);

static long
sys_mknodat(SYSCALL_ARGS)
{
    return refuse_new(a, b);
}
SYSCALL(297, mknodat);

static long
sys_link(SYSCALL_ARGS)
{
    return refuse_new(AT_FDCWD, b);
}
SYSCALL(9, link);

static long
sys_linkat(SYSCALL_ARGS)
{
    return refuse_new(c, d);
}
SYSCALL(303, linkat);

static long
sys_symlink(SYSCALL_ARGS)
{
    return refuse_new(AT_FDCWD, b);
}
SYSCALL(83, symlink);

static long
sys_symlinkat(SYSCALL_ARGS)
{
    return refuse_new(b, c);
}
SYSCALL(304, symlinkat);

/* Without a path the times are those of the descriptor. */
static long
sys_utimensat_time64(SYSCALL_ARGS)
{
    return b ? refuse_change(a, b) : refuse_descriptor(a);
}
SYSCALL(412, utimensat_time64);

/*
 * The system calls that take a path and only look: what musl 1.2.3 makes for open, access,
 * readlink, chdir and getcwd. stat.c has those that ask what a file is.
 */
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "kernel/string.h"
#include "lib/fs/calls.h"
#include "lib/libc/part.h"
#include "lib/libc/syscall.h"

#define ACCESS_EXECUTE 1
#define ACCESS_WRITE   2
#define ACCESS_ALL     7

#define STATFS_READ_ONLY 1

PART(fs);
static const void *const linked_with[] __attribute__((used, section(".discard.uses"))) = {
    fs_partitions_linked,
    fs_mount_linked,
    fs_change_linked,
    fs_stat_linked,
};

static char working_directory[FS_PATH_MAX] = "/";
static unsigned creation_mask = 022;

int
fs_base(long dirfd, const char *path, const char **base)
{
    *base = working_directory;
    if (!path)
        return -EFAULT;
    if (path[0] == '/' || dirfd == AT_FDCWD)
        return 0;
    struct file *directory = fd_get((int)dirfd);
    if (!directory)
        return -EBADF;
    if (!directory->path)
        return -ENOTDIR;
    *base = directory->path;
    return 0;
}

/* ---- opening ---- */

static long
open_at(long dirfd, const char *path, unsigned flags)
{
    const char *base;
    struct file *file;
    int error = fs_base(dirfd, path, &base);

    if (!error && *path)
        error = MIN(fd_next(0), 0); /* or a file would be made that nobody can name */
    if (!error)
        error = fs_open(base, path, flags, &file);
    return error ? error : fd_install(file, 0, flags & FILE_O_CLOEXEC);
}

static long
sys_open(SYSCALL_ARGS)
{
    return open_at(AT_FDCWD, (const char *)a, (unsigned)b);
}
SYSCALL(5, open);

static long
sys_openat(SYSCALL_ARGS)
{
    return open_at(a, (const char *)b, (unsigned)c);
}
SYSCALL(295, openat);

/* ---- asking ---- */

int
fs_stat_at(long dirfd, const char *path, bool follow, struct file_stat *out)
{
    const char *base;
    int error = fs_base(dirfd, path, &base);

    return error ? error : fs_stat(base, path, follow, out);
}

/* What a path names, and the file system that has it. */
static int
locate(long dirfd, const char *path, bool follow, struct fs_mount **mount, struct file_stat *st)
{
    char canonical[FS_PATH_MAX];
    const char *base, *rest;
    int error = fs_base(dirfd, path, &base);

    if (!error)
        error = fs_resolve(base, path, follow, canonical);
    if (error)
        return error;
    *mount = fs_find(canonical, &rest);
    return *mount ? (*mount)->type->stat(*mount, rest, st) : -ENOENT;
}

/* One user, who may all: what counts is what the file system can do. */
static long
access_at(long dirfd, const char *path, long wanted, bool follow)
{
    struct fs_mount *mount;
    struct file_stat st;
    int error = wanted & ~ACCESS_ALL ? -EINVAL : locate(dirfd, path, follow, &mount, &st);

    if (error)
        return error;
    if ((wanted & ACCESS_WRITE) && (mount->type->read_only || !(st.mode & 0222)))
        return -EROFS;
    if ((wanted & ACCESS_EXECUTE) && !(st.mode & 0111))
        return -EACCES;
    return 0;
}

static long
sys_access(SYSCALL_ARGS)
{
    return access_at(AT_FDCWD, (const char *)a, b, true);
}
SYSCALL(33, access);

static long
sys_faccessat(SYSCALL_ARGS)
{
    return access_at(a, (const char *)b, c, true);
}
SYSCALL(307, faccessat);

static long
sys_faccessat2(SYSCALL_ARGS)
{
    return access_at(a, (const char *)b, c, !(d & AT_SYMLINK_NOFOLLOW));
}
SYSCALL(439, faccessat2);

static long
readlink_at(long dirfd, const char *path, char *to, long size)
{
    char canonical[FS_PATH_MAX];
    const char *base, *rest;
    int error = fs_base(dirfd, path, &base);

    if (size <= 0)
        return -EINVAL;
    if (!error)
        error = fs_resolve(base, path, false, canonical);
    if (error)
        return error;
    struct fs_mount *mount = fs_find(canonical, &rest);
    if (!mount)
        return -ENOENT;
    return mount->type->readlink ? mount->type->readlink(mount, rest, to, (size_t)size)
                                 : -EINVAL;
}

static long
sys_readlink(SYSCALL_ARGS)
{
    return readlink_at(AT_FDCWD, (const char *)a, (char *)b, c);
}
SYSCALL(85, readlink);

static long
sys_readlinkat(SYSCALL_ARGS)
{
    return readlink_at(a, (const char *)b, (char *)c, d);
}
SYSCALL(305, readlinkat);

/* musl's struct statfs. */
struct statfs {
    uint32_t type, block_size;
    uint64_t blocks, free, available, files, files_free;
    int32_t id[2];
    uint32_t name_max, fragment_size, flags, spare[4];
};

/* Archives have no free space to speak of. */
static long
put_statfs(long size, struct statfs *to, bool read_only)
{
    if ((size_t)size != sizeof(*to))
        return -EINVAL;
    *to = (struct statfs){
        .block_size = 512,
        .fragment_size = 512,
        .name_max = FS_NAME_MAX,
        .flags = read_only ? STATFS_READ_ONLY : 0,
    };
    return 0;
}

/* a descriptor, b size of the structure, c result */
static long
sys_fstatfs64(SYSCALL_ARGS)
{
    const struct file *file = fd_get((int)a);

    return file ? put_statfs(b, (struct statfs *)c, !file->ops->pwrite) : -EBADF;
}
SYSCALL(269, fstatfs64);

/* a path, b size of the structure, c result */
static long
sys_statfs64(SYSCALL_ARGS)
{
    struct fs_mount *mount;
    struct file_stat st;
    int error = locate(AT_FDCWD, (const char *)a, true, &mount, &st);

    return error ? error : put_statfs(b, (struct statfs *)c, mount->type->read_only);
}
SYSCALL(268, statfs64);

/* a descriptor, b records, c bytes */
static long
sys_getdents64(SYSCALL_ARGS)
{
    struct file *directory = fd_get((int)a);

    if (!directory)
        return -EBADF;
    if (!directory->ops->getdents)
        return -ENOTDIR;
    file_hold(directory);
    long bytes = directory->ops->getdents(directory, (void *)b, (size_t)c);
    file_release(directory);
    return bytes;
}
SYSCALL(220, getdents64);

/* ---- the working directory ---- */

static long
sys_chdir(SYSCALL_ARGS)
{
    char canonical[FS_PATH_MAX];
    struct file_stat st;
    int error = a ? fs_resolve(working_directory, (const char *)a, true, canonical) : -EFAULT;

    if (!error)
        error = fs_stat_canonical(canonical, &st);
    if (error)
        return error;
    if ((st.mode & FS_S_IFMT) != FS_S_IFDIR)
        return -ENOTDIR;
    memcpy(working_directory, canonical, sizeof(canonical));
    return 0;
}
SYSCALL(12, chdir);

static long
sys_fchdir(SYSCALL_ARGS)
{
    struct file *directory = fd_get((int)a);

    if (!directory)
        return -EBADF;
    if (!directory->path)
        return -ENOTDIR;
    memcpy(working_directory, directory->path, strlen(directory->path) + 1);
    return 0;
}
SYSCALL(133, fchdir);

/* Bytes of the path with its NUL. */
static long
sys_getcwd(SYSCALL_ARGS)
{
    size_t size = strlen(working_directory) + 1;

    if ((size_t)b < size)
        return -ERANGE;
    memcpy((char *)a, working_directory, size);
    return (long)size;
}
SYSCALL(183, getcwd);

static long
sys_umask(SYSCALL_ARGS)
{
    unsigned before = creation_mask;

    creation_mask = (unsigned)a & 0777;
    return (long)before;
}
SYSCALL(60, umask);

/* ---- disks ---- */

/* Have the disks write what they hold back; of those that nothing was written to, nothing. */
static int
sync_disks(void)
{
    struct disk_device *disk = NULL;
    int error = 0;

    while ((disk = disk_next(disk)))
        if (disk->can_flush && !disk->read_only && disk->counters.writes && disk_flush(disk))
            error = -EIO;
    return error;
}

static long
sys_sync(SYSCALL_ARGS)
{
    return sync_disks();
}
SYSCALL(36, sync);

/* What a program wrote is not lost with it, however it ends. */
static void
sync_at_end(void)
{
    if (sync_disks())
        log_error("a disk did not write all that it was given");
}

static const struct leave_hook disks_end = {.run = sync_at_end};
ENLIST(leave, disks_end);

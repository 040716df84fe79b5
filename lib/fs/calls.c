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
fs_base(int dirfd, const char *path, const char **base)
{
    *base = working_directory;
    if (!path)
        return -EFAULT;
    if (path[0] == '/' || dirfd == AT_FDCWD)
        return 0;
    struct file *directory = fd_get(dirfd);
    if (!directory)
        return -EBADF;
    if (!directory->path)
        return -ENOTDIR;
    *base = directory->path;
    return 0;
}

/* ---- opening ---- */

static long
open_at(int dirfd, const char *path, unsigned flags)
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

SYSCALL(5, open, const char *path, unsigned flags)
{
    return open_at(AT_FDCWD, path, flags);
}

SYSCALL(295, openat, int dirfd, const char *path, unsigned flags)
{
    return open_at(dirfd, path, flags);
}

/* ---- asking ---- */

int
fs_stat_at(int dirfd, const char *path, bool follow, struct file_stat *out)
{
    const char *base;
    int error = fs_base(dirfd, path, &base);

    return error ? error : fs_stat(base, path, follow, out);
}

/* What a path names, and the file system that has it. */
static int
locate(int dirfd, const char *path, bool follow, struct fs_mount **mount, struct file_stat *st)
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
access_at(int dirfd, const char *path, int wanted, bool follow)
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

SYSCALL(33, access, const char *path, int wanted)
{
    return access_at(AT_FDCWD, path, wanted, true);
}

SYSCALL(307, faccessat, int dirfd, const char *path, int wanted)
{
    return access_at(dirfd, path, wanted, true);
}

SYSCALL(439, faccessat2, int dirfd, const char *path, int wanted, int flags)
{
    return access_at(dirfd, path, wanted, !(flags & AT_SYMLINK_NOFOLLOW));
}

static long
readlink_at(int dirfd, const char *path, char *to, int size)
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

SYSCALL(85, readlink, const char *path, char *to, int size)
{
    return readlink_at(AT_FDCWD, path, to, size);
}

SYSCALL(305, readlinkat, int dirfd, const char *path, char *to, int size)
{
    return readlink_at(dirfd, path, to, size);
}

/* musl's struct statfs. */
struct statfs {
    uint32_t type, block_size;
    uint64_t blocks, free, available, files, files_free;
    int32_t id[2];
    uint32_t name_max, fragment_size, flags, spare[4];
};

/* Archives have no free space to speak of. */
static long
put_statfs(size_t size, struct statfs *to, bool read_only)
{
    if (size != sizeof(*to))
        return -EINVAL;
    *to = (struct statfs){
        .block_size = 512,
        .fragment_size = 512,
        .name_max = FS_NAME_MAX,
        .flags = read_only ? STATFS_READ_ONLY : 0,
    };
    return 0;
}

SYSCALL(269, fstatfs64, int fd, size_t size, struct statfs *to)
{
    const struct file *file = fd_get(fd);

    return file ? put_statfs(size, to, !file->ops->pwrite) : -EBADF;
}

SYSCALL(268, statfs64, const char *path, size_t size, struct statfs *to)
{
    struct fs_mount *mount;
    struct file_stat st;
    int error = locate(AT_FDCWD, path, true, &mount, &st);

    return error ? error : put_statfs(size, to, mount->type->read_only);
}

SYSCALL(220, getdents64, int fd, void *to, size_t size)
{
    struct file *directory = fd_get(fd);

    if (!directory)
        return -EBADF;
    if (!directory->ops->getdents)
        return -ENOTDIR;
    file_hold(directory);
    long bytes = directory->ops->getdents(directory, to, size);
    file_release(directory);
    return bytes;
}

/* ---- the working directory ---- */

SYSCALL(12, chdir, const char *path)
{
    char canonical[FS_PATH_MAX];
    struct file_stat st;
    int error = path ? fs_resolve(working_directory, path, true, canonical) : -EFAULT;

    if (!error)
        error = fs_stat_canonical(canonical, &st);
    if (error)
        return error;
    if ((st.mode & FS_S_IFMT) != FS_S_IFDIR)
        return -ENOTDIR;
    memcpy(working_directory, canonical, sizeof(canonical));
    return 0;
}

SYSCALL(133, fchdir, int fd)
{
    struct file *directory = fd_get(fd);

    if (!directory)
        return -EBADF;
    if (!directory->path)
        return -ENOTDIR;
    memcpy(working_directory, directory->path, strlen(directory->path) + 1);
    return 0;
}

/* Bytes of the path with its NUL. */
SYSCALL(183, getcwd, char *to, size_t room)
{
    size_t size = strlen(working_directory) + 1;

    if (room < size)
        return -ERANGE;
    memcpy(to, working_directory, size);
    return (long)size;
}

SYSCALL(60, umask, unsigned mask)
{
    unsigned before = creation_mask;

    creation_mask = mask & 0777;
    return (long)before;
}

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

SYSCALL(36, sync, void)
{
    return sync_disks();
}

/* What a program wrote is not lost with it, however it ends. */
static void
sync_at_end(void)
{
    if (sync_disks())
        log_error("a disk did not write all that it was given");
}

static const struct leave_hook disks_end = {.run = sync_at_end};
ENLIST(leave, disks_end);

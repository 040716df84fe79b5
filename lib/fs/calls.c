/*
 * The system calls that take a path and only look: what musl 1.2.3 makes for open, access,
 * readlink, chdir and getcwd. stat.c has those that ask what a file is. The working directory is an
 * open file, as those of openat and its like are, so that it is found again under a new name.
 */
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/string.h"
#include "lib/fs/calls.h"
#include "lib/libc/memory.h"
#include "lib/libc/part.h"
#include "lib/libc/syscall.h"

#define ACCESS_EXECUTE 1
#define ACCESS_WRITE   2
#define ACCESS_ALL     7

#define AT_EACCESS   0x200
#define ACCESS_FLAGS (AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)

PART(fs);
static const void *const linked_with[] __attribute__((used, section(".discard.uses"))) = {
    fs_partitions_linked, fs_mount_linked, fs_change_linked,     fs_set_linked,
    fs_stat_linked,       fs_room_linked,  memory_shared_linked,
};

static struct file *working_directory; /* NULL: "/" */
static unsigned creation_mask = 022;

static int
path_of_directory(struct file *directory, char out[FS_PATH_MAX])
{
    const struct file_storage *storage = directory->ops->storage;

    return storage && storage->path ? storage->path(directory, out) : -ENOTDIR;
}

static int
path_of_working_directory(char out[FS_PATH_MAX])
{
    if (working_directory)
        return path_of_directory(working_directory, out);
    memcpy(out, "/", 2);
    return 0;
}

int
fs_base(int dirfd, const char *path, char base[FS_PATH_MAX])
{
    if (!path)
        return -EFAULT;
    if (path[0] == '/') {
        memcpy(base, "/", 2);
        return 0;
    }
    if (dirfd == AT_FDCWD)
        return path_of_working_directory(base);
    struct file *directory = fd_get(dirfd);
    return directory ? path_of_directory(directory, base) : -EBADF;
}

int
fs_resolve_at(int dirfd, const char *path, enum fs_follow follow, char out[FS_PATH_MAX])
{
    int error = fs_base(dirfd, path, out);

    return error ? error : fs_resolve(out, path, follow, out);
}

uint32_t
fs_masked(uint32_t mode)
{
    return mode & 07777 & ~creation_mask;
}

/* ---- opening ---- */

int
fs_open_at(int dirfd, const char *path, unsigned flags, uint32_t mode, struct file **out)
{
    char *base = kmalloc(FS_PATH_MAX); /* threads may have small stacks */
    int error = base ? fs_base(dirfd, path, base) : -ENOMEM;

    if (!error)
        error = fs_open(base, path, flags, mode, out);
    kfree(base);
    return error;
}

static long
open_at(int dirfd, const char *path, unsigned flags, uint32_t mode)
{
    struct file *file;
    int error = path && *path ? MIN(fd_next(0), 0) : 0; /* or a file would be made for nobody */

    if (!error)
        error = fs_open_at(dirfd, path, flags, fs_masked(mode), &file);
    return error ? error : fd_install(file, 0, flags & FILE_O_CLOEXEC);
}

SYSCALL(5, open, const char *path, unsigned flags, uint32_t mode)
{
    return open_at(AT_FDCWD, path, flags, mode);
}

SYSCALL(8, creat, const char *path, uint32_t mode)
{
    return open_at(AT_FDCWD, path, FILE_O_CREAT | FILE_O_WRONLY | FILE_O_TRUNC, mode);
}

SYSCALL(295, openat, int dirfd, const char *path, unsigned flags, uint32_t mode)
{
    return open_at(dirfd, path, flags, mode);
}

/* ---- asking ---- */

int
fs_stat_at(int dirfd, const char *path, bool follow, struct file_stat *out)
{
    char *canonical = kmalloc(FS_PATH_MAX); /* threads may have small stacks */
    int error = canonical ? fs_resolve_at(dirfd, path, follow, canonical) : -ENOMEM;
    bool gone = error == -ENOENT && strcmp(path, ".") == 0;

    if (!error)
        error = fs_stat_canonical(canonical, out);
    kfree(canonical);
    if (!gone)
        return error;
    /* It was removed, and is what it is all the same. */
    struct file *directory = dirfd == AT_FDCWD ? working_directory : fd_get(dirfd);
    return directory ? directory->ops->stat(directory, out) : error;
}

/* One user, who may all: what counts is what the file system can do. */
static long
access_at(int dirfd, const char *path, int wanted, int flags)
{
    char canonical[FS_PATH_MAX];
    struct file_stat st;
    const char *rest;

    if ((wanted & ~ACCESS_ALL) || (flags & ~ACCESS_FLAGS))
        return -EINVAL;
    int error = fs_resolve_at(dirfd, path, !(flags & AT_SYMLINK_NOFOLLOW), canonical);
    if (!error)
        error = fs_stat_canonical(canonical, &st);
    if (error)
        return error;
    const struct fs_mount *mount = fs_find(canonical, &rest);
    bool changes = mount && mount->type->changes;
    bool refuses = !mount || mount->type->read_only || (!changes && !(st.mode & 0222));
    if ((wanted & ACCESS_WRITE) && refuses)
        return -EROFS;
    if ((wanted & ACCESS_EXECUTE) && !(st.mode & 0111))
        return -EACCES;
    return 0;
}

SYSCALL(33, access, const char *path, int wanted)
{
    return access_at(AT_FDCWD, path, wanted, 0);
}

SYSCALL(307, faccessat, int dirfd, const char *path, int wanted)
{
    return access_at(dirfd, path, wanted, 0);
}

SYSCALL(439, faccessat2, int dirfd, const char *path, int wanted, int flags)
{
    return access_at(dirfd, path, wanted, flags);
}

static long
readlink_at(int dirfd, const char *path, char *to, int size)
{
    char canonical[FS_PATH_MAX];
    const char *rest;

    if (size <= 0)
        return -EINVAL;
    int error = fs_resolve_at(dirfd, path, false, canonical);
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

SYSCALL(220, getdents64, int fd, void *to, size_t size)
{
    struct file *directory = fd_get(fd);

    if (!directory)
        return -EBADF;
    const struct file_storage *storage = directory->ops->storage;
    if (directory->flags & FILE_O_PATH)
        return -EBADF;
    if (!storage || !storage->getdents)
        return -ENOTDIR;
    file_hold(directory);
    long bytes = storage->getdents(directory, to, size);
    file_release(directory);
    return bytes;
}

/* ---- the working directory ---- */

static void
work_in(struct file *directory)
{
    if (working_directory)
        file_release(working_directory);
    working_directory = directory;
}

SYSCALL(12, chdir, const char *path)
{
    struct file *directory;
    int error = fs_open_at(AT_FDCWD, path, FILE_O_PATH | FILE_O_DIRECTORY, 0, &directory);

    if (!error)
        work_in(directory);
    return error;
}

SYSCALL(133, fchdir, int fd)
{
    char path[FS_PATH_MAX];
    struct file *directory = fd_get(fd);
    int error = directory ? path_of_directory(directory, path) : -EBADF;

    if (error)
        return error;
    file_hold(directory);
    work_in(directory);
    return 0;
}

/* Bytes of the path with its NUL. */
SYSCALL(183, getcwd, char *to, size_t room)
{
    char path[FS_PATH_MAX];
    int error = path_of_working_directory(path);

    if (error)
        return error;
    size_t size = strlen(path) + 1;
    if (room < size)
        return -ERANGE;
    memcpy(to, path, size);
    return (long)size;
}

SYSCALL(60, umask, unsigned mask)
{
    unsigned before = creation_mask;

    creation_mask = mask & 0777;
    return (long)before;
}

/* ---- disks ---- */

/* Have file systems and then the disks write what they hold back; of disks that nothing was written
 * to, nothing. */
static int
sync_disks(void)
{
    struct disk_device *disk = NULL;
    int error = 0;

    for (struct fs_mount *mount = NULL; (mount = fs_next(mount));)
        if (mount->type->sync && mount->type->sync(mount))
            error = -EIO;
    while ((disk = disk_next(disk)))
        if (disk->can_flush && !disk->read_only && disk->counters.writes && disk_flush(disk))
            error = -EIO;
    return error;
}

SYSCALL(36, sync, void)
{
    return sync_disks();
}

SYSCALL(344, syncfs, int fd)
{
    return fd_get(fd) ? sync_disks() : -EBADF;
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

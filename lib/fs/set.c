/*
 * The system calls that change what a file is rather than where: its permissions, owner, times and
 * length. Each opens the path as O_PATH does and sets it there, so that a path and a descriptor
 * end in the same operation (file_storage.change).
 */
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "lib/fs/calls.h"
#include "lib/libc/syscall.h"

#define S_ISUID    04000
#define S_IXGRP    00010
#define UNCHANGED  UINT32_MAX /* an owner or group */
#define UTIME_NOW  0x3fffffff
#define UTIME_OMIT 0x3ffffffe

const char fs_set_linked[1];

static int
change_file(struct file *file, const struct file_change *change)
{
    const struct file_storage *storage = file->ops->storage;

    if (!storage)
        return 0; /* pipes, sockets, devices: nobody would see it */
    return storage->change ? storage->change(file, change) : -EROFS;
}

static long
change_path(int dirfd, const char *path, bool follow, const struct file_change *change)
{
    struct file *file;
    int error = fs_open_at(dirfd, path, FILE_O_PATH | (follow ? 0 : FILE_O_NOFOLLOW), 0, &file);

    if (error)
        return error;
    error = file->ops->storage ? change_file(file, change) : -EROFS;
    file_release(file);
    return error;
}

/* The file behind a descriptor that may be changed, held, since a disk may be waited for meanwhile;
 * NULL: there is none. */
static struct file *
hold_descriptor(int fd)
{
    struct file *file = fd_get(fd);

    if (!file || (file->flags & FILE_O_PATH))
        return NULL;
    file_hold(file);
    return file;
}

static long
change_descriptor(int fd, const struct file_change *change)
{
    struct file *file = hold_descriptor(fd);

    if (!file)
        return -EBADF;
    int error = change_file(file, change);
    file_release(file);
    return error;
}

/* ---- permissions ---- */

SYSCALL(15, chmod, const char *path, uint32_t mode)
{
    return change_path(AT_FDCWD, path, true,
                       &(struct file_change){FILE_SET_MODE, .mode = mode});
}

SYSCALL(306, fchmodat, int dirfd, const char *path, uint32_t mode)
{
    return change_path(dirfd, path, true, &(struct file_change){FILE_SET_MODE, .mode = mode});
}

SYSCALL(94, fchmod, int fd, uint32_t mode)
{
    return change_descriptor(fd, &(struct file_change){FILE_SET_MODE, .mode = mode});
}

/* ---- owners ---- */

/* A program that runs as whom it belongs to does not do so for a new owner. */
static int
change_owner(struct file *file, uint32_t uid, uint32_t gid)
{
    struct file_change change = {.uid = uid, .gid = gid};
    struct file_stat st = {0};
    int error = file->ops->stat ? file->ops->stat(file, &st) : 0;

    if (error)
        return error;
    change.set = (uid != UNCHANGED ? FILE_SET_UID : 0) | (gid != UNCHANGED ? FILE_SET_GID : 0);
    uint32_t drop = S_ISUID | (st.mode & S_IXGRP ? FS_S_ISGID : 0);
    if ((st.mode & FS_S_IFMT) != FS_S_IFDIR && (st.mode & drop)) {
        change.set |= FILE_SET_MODE;
        change.mode = st.mode & ~drop;
    }
    return change_file(file, &change);
}

static long
own_path(int dirfd, const char *path, bool follow, uint32_t uid, uint32_t gid)
{
    struct file *file;
    int error = fs_open_at(dirfd, path, FILE_O_PATH | (follow ? 0 : FILE_O_NOFOLLOW), 0, &file);

    if (error)
        return error;
    error = file->ops->storage ? change_owner(file, uid, gid) : -EROFS;
    file_release(file);
    return error;
}

static long
own_descriptor(int fd, uint32_t uid, uint32_t gid)
{
    struct file *file = hold_descriptor(fd);

    if (!file)
        return -EBADF;
    int error = change_owner(file, uid, gid);
    file_release(file);
    return error;
}

SYSCALL(212, chown32, const char *path, uint32_t uid, uint32_t gid)
{
    return own_path(AT_FDCWD, path, true, uid, gid);
}

SYSCALL(198, lchown32, const char *path, uint32_t uid, uint32_t gid)
{
    return own_path(AT_FDCWD, path, false, uid, gid);
}

SYSCALL(298, fchownat, int dirfd, const char *path, uint32_t uid, uint32_t gid, int flags)
{
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    if (path && !*path && (flags & AT_EMPTY_PATH))
        return own_descriptor(dirfd, uid, gid);
    return own_path(dirfd, path, !(flags & AT_SYMLINK_NOFOLLOW), uid, gid);
}

SYSCALL(207, fchown32, int fd, uint32_t uid, uint32_t gid)
{
    return own_descriptor(fd, uid, gid);
}

/* ---- times ---- */

static int
take_time(int64_t sec, int32_t nsec, unsigned what, struct file_change *change,
          struct file_time *time)
{
    if (nsec == UTIME_OMIT)
        return 0;
    change->set |= what;
    if (nsec == UTIME_NOW) {
        *time = fs_now();
        return 0;
    }
    *time = (struct file_time){sec, (uint32_t)nsec};
    return nsec < 0 || nsec >= (int32_t)NSEC_PER_SEC ? -EINVAL : 0;
}

static int
take_times(const struct abi_timespec64 times[2], struct file_change *change)
{
    int error = take_time(times[0].sec, times[0].nsec, FILE_SET_ATIME, change, &change->atime);

    if (!error)
        error = take_time(times[1].sec, times[1].nsec, FILE_SET_MTIME, change, &change->mtime);
    return error;
}

/* Without a path the times are those of the descriptor. */
static long
set_times(int fd, const char *path, const struct abi_timespec64 times[2], int flags)
{
    static const struct abi_timespec64 now[2] = {{.nsec = UTIME_NOW}, {.nsec = UTIME_NOW}};
    struct file_change change = {0};
    int error = take_times(times ? times : now, &change);

    if (error)
        return error;
    if (!change.set)
        return 0;
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    if (!path && flags)
        return -EINVAL;
    if (!path || (!*path && (flags & AT_EMPTY_PATH)))
        return change_descriptor(fd, &change);
    return change_path(fd, path, !(flags & AT_SYMLINK_NOFOLLOW), &change);
}

SYSCALL(412, utimensat_time64, int fd, const char *path, const struct abi_timespec64 *times,
        int flags)
{
    return set_times(fd, path, times, flags);
}

SYSCALL(320, utimensat, int fd, const char *path, const struct abi_timespec32 *times, int flags)
{
    struct abi_timespec64 wide[2];

    for (int i = 0; times && i < 2; i++)
        wide[i] = (struct abi_timespec64){.sec = times[i].sec, .nsec = times[i].nsec};
    return set_times(fd, path, times ? wide : NULL, flags);
}

/* ---- lengths ---- */

SYSCALL(193, truncate64, const char *path, uint64_t size)
{
    struct file_stat st;
    struct file *file;
    int error = (int64_t)size < 0 ? -EINVAL : fs_stat_at(AT_FDCWD, path, true, &st);

    if (error)
        return error;
    if ((st.mode & FS_S_IFMT) != FS_S_IFREG)
        return (st.mode & FS_S_IFMT) == FS_S_IFDIR ? -EISDIR : -EINVAL;
    error = fs_open_at(AT_FDCWD, path, FILE_O_WRONLY, 0, &file);
    if (error)
        return error;
    const struct file_storage *storage = file->ops->storage;
    error = storage && storage->truncate ? storage->truncate(file, size) : -EINVAL;
    file_release(file);
    return error;
}

static int
allocate(struct file *file, unsigned mode, uint64_t at, uint64_t len)
{
    struct file_stat st = {0};

    if ((int64_t)at < 0 || (int64_t)len <= 0)
        return -EINVAL;
    if (mode & ~(ABI_FALLOC_KEEP_SIZE | ABI_FALLOC_PUNCH_HOLE) || mode == ABI_FALLOC_PUNCH_HOLE)
        return -ENOTSUP;
    if ((file->flags & FILE_O_ACCMODE) == FILE_O_RDONLY)
        return -EBADF;
    int error = file->ops->stat ? file->ops->stat(file, &st) : 0;
    if (error)
        return error;
    if ((st.mode & FS_S_IFMT) == FS_S_IFIFO)
        return -ESPIPE;
    if ((st.mode & FS_S_IFMT) == FS_S_IFDIR)
        return -EISDIR;
    if ((st.mode & FS_S_IFMT) != FS_S_IFREG)
        return -ENODEV;
    if ((int64_t)(at + len) < 0)
        return -EFBIG;
    const struct file_storage *storage = file->ops->storage;
    return storage && storage->allocate ? storage->allocate(file, mode, at, len) : -ENOTSUP;
}

SYSCALL(324, fallocate, int fd, unsigned mode, uint64_t at, uint64_t len)
{
    struct file *file = hold_descriptor(fd);

    if (!file)
        return -EBADF;
    int error = allocate(file, mode, at, len);
    file_release(file);
    return error;
}

/*
 * The rest of what can be done with a descriptor, for programs that do it: copies of it, its
 * flags, reading and writing at a position, and what concerns the storage behind.
 */
#include "kernel/kernel.h"
#include "lib/libc/abi.h"
#include "lib/libc/file.h"
#include "lib/libc/locks.h"
#include "lib/libc/part.h"
#include "lib/libc/syscall.h"

PART(files);

#define FLAGS_CHANGEABLE (FILE_O_APPEND | FILE_O_NONBLOCK)

/* ---- copies ---- */

static long
duplicate(int fd, int least, bool close_on_exec)
{
    struct file *file = fd_get(fd);

    if (!file)
        return -EBADF;
    file_hold(file);
    return fd_install(file, least, close_on_exec);
}

static long
duplicate_to(int fd, int to, bool close_on_exec)
{
    struct file *file = fd_get(fd);

    if (!file)
        return -EBADF;
    file_hold(file);
    return fd_replace(to, file, close_on_exec);
}

SYSCALL(41, dup, int fd)
{
    return duplicate(fd, 0, false);
}

SYSCALL(63, dup2, int fd, int to)
{
    if (fd == to)
        return fd_get(fd) ? to : -EBADF;
    return duplicate_to(fd, to, false);
}

SYSCALL(330, dup3, int fd, int to, unsigned flags)
{
    if (fd == to || (flags & ~FILE_O_CLOEXEC))
        return -EINVAL;
    return duplicate_to(fd, to, flags & FILE_O_CLOEXEC);
}

SYSCALL(221, fcntl64, int fd, int command, long argument)
{
    struct file *file = fd_get(fd);

    if (!file)
        return -EBADF;
    switch (command) {
    case ABI_F_DUPFD:
    case ABI_F_DUPFD_CLOEXEC:
        if (argument < 0 || (uint64_t)argument >= fd_limits().soft)
            return -EINVAL;
        return duplicate(fd, (int)argument, command == ABI_F_DUPFD_CLOEXEC);
    case ABI_F_GETFD:
        return *fd_close_on_exec(fd) ? ABI_FD_CLOEXEC : 0;
    case ABI_F_SETFD:
        *fd_close_on_exec(fd) = argument & ABI_FD_CLOEXEC;
        return 0;
    case ABI_F_GETFL:
        return (long)file->flags;
    case ABI_F_SETFL:
        file->flags =
            (file->flags & ~(unsigned)FLAGS_CHANGEABLE) | (argument & FLAGS_CHANGEABLE);
        return 0;
    case ABI_F_GETLK64:
    case ABI_F_SETLK64:
    case ABI_F_SETLKW64:
    case ABI_F_OFD_GETLK:
    case ABI_F_OFD_SETLK:
    case ABI_F_OFD_SETLKW:
        return locks_control ? locks_control(file, command, (void *)argument) : -EINVAL;
    case ABI_F_GET_SEALS:
    case ABI_F_ADD_SEALS:
        if (!file->ops->storage || !file->ops->storage->add_seals)
            return -EINVAL;
        return command == ABI_F_GET_SEALS
                   ? file->ops->storage->get_seals(file)
                   : file->ops->storage->add_seals(file, (unsigned)argument);
    default:
        return -EINVAL;
    }
}

/* ---- at a position ---- */

/* What no file can have, whatever it is: positions have a sign. */
static bool
is_beyond(uint64_t at, uint32_t len)
{
    return (int64_t)at < 0 || (int64_t)(at + len) < 0;
}

static long
pread_file(struct file *file, void *to, uint32_t len, uint64_t at)
{
    if ((file->flags & FILE_O_ACCMODE) == FILE_O_WRONLY)
        return -EBADF;
    if (!file->ops->pread)
        return -ESPIPE;
    return is_beyond(at, len) ? -EINVAL : file->ops->pread(file, to, len, at);
}

static long
pwrite_file(struct file *file, void *from, uint32_t len, uint64_t at)
{
    if ((file->flags & FILE_O_ACCMODE) == FILE_O_RDONLY)
        return -EBADF;
    if (!file->ops->pwrite)
        return file->ops->pread ? -EBADF : -ESPIPE;
    return is_beyond(at, len) ? -EINVAL : file->ops->pwrite(file, from, len, at);
}

static long
move_at(int fd, const struct abi_iovec *parts, int count, uint64_t at,
        long (*move)(struct file *, void *, uint32_t, uint64_t))
{
    struct file *file = fd_get(fd);
    long total = 0, n = 0;

    defer_run();
    if (!file)
        return -EBADF;
    if (count < 0 || count > ABI_IOV_MAX)
        return -EINVAL;
    file_hold(file);
    for (int i = 0; i < count; i++) {
        uint32_t len = MIN(parts[i].len, (uint32_t)(INT32_MAX - total));
        n = move(file, parts[i].base, len, at + (unsigned long)total);
        if (n < 0)
            break;
        total += n;
        if ((uint32_t)n < parts[i].len)
            break;
    }
    file_release(file);
    return total > 0 ? total : n;
}

SYSCALL(180, pread64, int fd, char *to, size_t len, uint64_t at)
{
    struct abi_iovec part = {to, len};

    return move_at(fd, &part, 1, at, pread_file);
}

SYSCALL(181, pwrite64, int fd, char *from, size_t len, uint64_t at)
{
    struct abi_iovec part = {from, len};

    return move_at(fd, &part, 1, at, pwrite_file);
}

SYSCALL(333, preadv, int fd, const struct abi_iovec *parts, int count, uint64_t at)
{
    return move_at(fd, parts, count, at, pread_file);
}

SYSCALL(334, pwritev, int fd, const struct abi_iovec *parts, int count, uint64_t at)
{
    return move_at(fd, parts, count, at, pwrite_file);
}

/* ---- storage ---- */

SYSCALL(118, fsync, int fd)
{
    struct file *file = fd_get(fd);

    if (!file)
        return -EBADF;
    file_hold(file);
    const struct file_storage *storage = file->ops->storage;
    int result = storage && storage->sync ? storage->sync(file) : file->ops->pread ? 0 : -EINVAL;
    file_release(file);
    return result;
}

/* Advice is heard, and nothing done. */
SYSCALL(272, fadvise64_64, int fd)
{
    const struct file *file = fd_get(fd);

    if (!file)
        return -EBADF;
    return file->ops->pread ? 0 : -ESPIPE;
}

SYSCALL_ENTRY(148, fdatasync, sys_fsync, false);

SYSCALL(194, ftruncate64, int fd, uint64_t size)
{
    struct file *file = fd_get(fd);

    if (!file)
        return -EBADF;
    const struct file_storage *storage = file->ops->storage;
    if (!storage || !storage->truncate || (int64_t)size < 0 ||
        (file->flags & FILE_O_ACCMODE) == FILE_O_RDONLY)
        return -EINVAL;
    file_hold(file);
    int result = storage->truncate(file, size);
    file_release(file);
    return result;
}

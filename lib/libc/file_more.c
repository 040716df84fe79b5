/*
 * The rest of what can be done with a descriptor, for programs that do it: copies of it, its
 * flags, reading and writing at a position, and what concerns the storage behind.
 */
#include "kernel/kernel.h"
#include "lib/libc/abi.h"
#include "lib/libc/file.h"
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

static long
sys_dup(SYSCALL_ARGS)
{
    return duplicate((int)a, 0, false);
}
SYSCALL(41, dup);

static long
sys_dup2(SYSCALL_ARGS)
{
    if (a == b)
        return fd_get((int)a) ? b : -EBADF;
    return duplicate_to((int)a, (int)b, false);
}
SYSCALL(63, dup2);

static long
sys_dup3(SYSCALL_ARGS)
{
    if (a == b || (c & ~FILE_O_CLOEXEC))
        return -EINVAL;
    return duplicate_to((int)a, (int)b, c & FILE_O_CLOEXEC);
}
SYSCALL(330, dup3);

/* Locks between processes: there is one process, so each is free and each succeeds. The type
 * is the first field of struct flock, a short. */
static long
sys_fcntl64(SYSCALL_ARGS)
{
    struct file *file = fd_get((int)a);

    if (!file)
        return -EBADF;
    switch (b) {
    case ABI_F_DUPFD:
    case ABI_F_DUPFD_CLOEXEC:
        if (c < 0 || (uint64_t)c >= fd_limits().soft)
            return -EINVAL;
        return duplicate((int)a, (int)c, b == ABI_F_DUPFD_CLOEXEC);
    case ABI_F_GETFD:
        return *fd_close_on_exec((int)a) ? ABI_FD_CLOEXEC : 0;
    case ABI_F_SETFD:
        *fd_close_on_exec((int)a) = c & ABI_FD_CLOEXEC;
        return 0;
    case ABI_F_GETFL:
        return (long)file->flags;
    case ABI_F_SETFL:
        file->flags = (file->flags & ~(unsigned)FLAGS_CHANGEABLE) | (c & FLAGS_CHANGEABLE);
        return 0;
    case ABI_F_GETLK64:
        *(int16_t *)c = ABI_F_UNLCK;
        return 0;
    case ABI_F_SETLK64:
    case ABI_F_SETLKW64:
        return 0;
    default:
        return -EINVAL;
    }
}
SYSCALL(221, fcntl64);

static long
sys_flock(SYSCALL_ARGS)
{
    long kind = b & ~ABI_LOCK_NB;

    if (!fd_get((int)a))
        return -EBADF;
    return kind == ABI_LOCK_SH || kind == ABI_LOCK_EX || kind == ABI_LOCK_UN ? 0 : -EINVAL;
}
SYSCALL(143, flock);

/* ---- at a position ---- */

static long
pread_file(struct file *file, void *to, uint32_t len, uint64_t at)
{
    if ((file->flags & FILE_O_ACCMODE) == FILE_O_WRONLY)
        return -EBADF;
    if (!file->ops->pread)
        return -ESPIPE;
    return (int64_t)at < 0 ? -EINVAL : file->ops->pread(file, to, len, at);
}

static long
pwrite_file(struct file *file, void *from, uint32_t len, uint64_t at)
{
    if ((file->flags & FILE_O_ACCMODE) == FILE_O_RDONLY)
        return -EBADF;
    if (!file->ops->pwrite)
        return file->ops->pread ? -EBADF : -ESPIPE;
    return (int64_t)at < 0 ? -EINVAL : file->ops->pwrite(file, from, len, at);
}

static long
move_at(int fd, const struct abi_iovec *parts, long count, uint64_t at,
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
    for (long i = 0; i < count; i++) {
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

static long
sys_pread64(SYSCALL_ARGS)
{
    struct abi_iovec part = {(char *)b, (uint32_t)c};

    return move_at((int)a, &part, 1, (uint32_t)d | (uint64_t)e << 32, pread_file);
}
SYSCALL(180, pread64);

static long
sys_pwrite64(SYSCALL_ARGS)
{
    struct abi_iovec part = {(char *)b, (uint32_t)c};

    return move_at((int)a, &part, 1, (uint32_t)d | (uint64_t)e << 32, pwrite_file);
}
SYSCALL(181, pwrite64);

static long
sys_preadv(SYSCALL_ARGS)
{
    return move_at((int)a, (const struct abi_iovec *)b, c, (uint32_t)d | (uint64_t)e << 32,
                   pread_file);
}
SYSCALL(333, preadv);

static long
sys_pwritev(SYSCALL_ARGS)
{
    return move_at((int)a, (const struct abi_iovec *)b, c, (uint32_t)d | (uint64_t)e << 32,
                   pwrite_file);
}
SYSCALL(334, pwritev);

/* ---- storage ---- */

static long
sys_fsync(SYSCALL_ARGS)
{
    struct file *file = fd_get((int)a);

    if (!file)
        return -EBADF;
    file_hold(file);
    int result = file->ops->sync ? file->ops->sync(file) : file->ops->pread ? 0 : -EINVAL;
    file_release(file);
    return result;
}
SYSCALL(118, fsync);

/* Descriptor, two halves of offset and of length, advice: heard, and nothing done. */
static long
sys_fadvise64_64(SYSCALL_ARGS)
{
    const struct file *file = fd_get((int)a);

    if (!file)
        return -EBADF;
    return file->ops->pread ? 0 : -ESPIPE;
}
SYSCALL(272, fadvise64_64);

static long
sys_fdatasync(SYSCALL_ARGS)
{
    return sys_fsync(a, b, c, d, e, f);
}
SYSCALL(148, fdatasync);

static long
sys_ftruncate64(SYSCALL_ARGS)
{
    struct file *file = fd_get((int)a);
    uint64_t size = (uint32_t)b | (uint64_t)c << 32;

    if (!file)
        return -EBADF;
    if (!file->ops->truncate || (int64_t)size < 0 ||
        (file->flags & FILE_O_ACCMODE) == FILE_O_RDONLY)
        return -EINVAL;
    file_hold(file);
    int result = file->ops->truncate(file, size);
    file_release(file);
    return result;
}
SYSCALL(194, ftruncate64);

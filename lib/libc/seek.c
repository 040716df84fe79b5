/*
 * Where the next byte of a file is read or written: lseek, for programs that can reach it, which
 * with stdio most can. Compiled for size.
 */
#include "kernel/kernel.h"
#include "lib/libc/abi.h"
#include "lib/libc/file.h"
#include "lib/libc/part.h"
#include "lib/libc/syscall.h"

PART(seek);

/* From where the offset counts, or the error. */
static int64_t
start_of(struct file *file, int whence)
{
    struct file_stat stat;

    if (whence == ABI_SEEK_CUR)
        return (int64_t)file->position;
    if (whence == ABI_SEEK_SET)
        return 0;
    int error = file->ops->stat(file, &stat);
    return error ? error : (int64_t)stat.size;
}

/* The next data or hole, of files that can tell. */
static int64_t
find(struct file *file, int64_t at, int whence)
{
    const struct file_storage *storage = file->ops->storage;

    if (!storage || !storage->find)
        return -EINVAL;
    return at < 0 ? -ENXIO : storage->find(file, (uint64_t)at, whence == ABI_SEEK_HOLE);
}

static long
seek(struct file *file, int64_t offset, int whence, int64_t *result)
{
    int64_t to = whence > ABI_SEEK_END ? find(file, offset, whence) : start_of(file, whence);

    if (to < 0)
        return (long)to;
    if (whence <= ABI_SEEK_END && (__builtin_add_overflow(to, offset, &to) || to < 0))
        return -EINVAL;
    file->position = (uint64_t)(*result = to);
    return 0;
}

SYSCALL_ASKS(140, _llseek, int fd, uint32_t high, uint32_t low, int64_t *result, int whence)
{
    struct file *file = fd_get(fd);

    if (!file)
        return -EBADF;
    if ((unsigned)whence > ABI_SEEK_HOLE)
        return -EINVAL; /* of every kind of file */
    if (!file->ops->pread)
        return -ESPIPE;
    if (file->ops->nowhere) {
        *result = 0;
        return 0;
    }
    file_hold(file); /* a disk may be waited for */
    long error = seek(file, (int64_t)((uint64_t)high << 32 | low), whence, result);
    file_release(file);
    return error;
}

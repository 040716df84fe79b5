/*
 * What every program does with descriptors (descriptor.c): read, write, close, ioctl. The
 * files behind the numbers are the terminal's, pipes, sockets and whatever lib/fs opens; this
 * file knows their operations only. Threads change under it where an operation blocks, and
 * then another one may close the descriptor, so a reference is held over each.
 */
#include "kernel/kernel.h"
#include "lib/libc/abi.h"
#include "lib/libc/file.h"
#include "lib/libc/signal.h"
#include "lib/libc/syscall.h"

void
file_hold(struct file *file)
{
    file->refs++;
}

void
file_release(struct file *file)
{
    assert(file->refs > 0);
    if (--file->refs > 0)
        return;
    if (file->watched.next)
        file_forget(file);
    if (file->ops->close)
        file->ops->close(file);
}

unsigned
file_poll(struct file *file)
{
    unsigned now = file->ops->poll ? file->ops->poll(file) : FILE_POLLIN | FILE_POLLOUT;

    return now | (now & FILE_POLLIN ? FILE_POLLRDNORM : 0) |
           (now & FILE_POLLOUT ? FILE_POLLWRNORM : 0);
}

/* ---- moving bytes ---- */

static long
read_part(struct file *file, void *to, size_t len)
{
    if ((file->flags & FILE_O_ACCMODE) == FILE_O_WRONLY)
        return -EBADF;
    if (file->ops->pread) {
        long n = file->ops->pread(file, to, len, file->position);
        if (n > 0 && !file->ops->nowhere)
            file->position += (unsigned long)n;
        return n;
    }
    return file->ops->read ? file->ops->read(file, to, len) : -EINVAL;
}

static long
write_part(struct file *file, void *from, size_t len)
{
    struct file_stat stat;

    if ((file->flags & FILE_O_ACCMODE) == FILE_O_RDONLY)
        return -EBADF;
    if (!file->ops->pwrite)
        return file->ops->write ? file->ops->write(file, from, len) : -EINVAL;
    if (file->flags & FILE_O_APPEND) {
        int error = file->ops->stat(file, &stat);
        if (error)
            return error;
        file->position = stat.size;
    }
    long n = file->ops->pwrite(file, from, len, file->position);
    if (n > 0 && !file->ops->nowhere)
        file->position += (unsigned long)n;
    return n;
}

/* One part after the other while they come whole. Once something was moved nothing may block
 * for more, so a part after the first is only read from a file that is ready. */
static long
move_parts(struct file *file, const struct abi_iovec *parts, unsigned count,
           long (*move)(struct file *, void *, size_t), unsigned event)
{
    long total = 0;

    for (unsigned i = 0; i < count; i++) {
        if (parts[i].len == 0 && count > 1)
            continue;
        if (total > 0 && event == FILE_POLLIN && !(file_poll(file) & event))
            break;
        long n = move(file, parts[i].base, parts[i].len);
        if (n < 0)
            return total > 0 ? total : n;
        total += n;
        if ((unsigned long)n < parts[i].len)
            break;
    }
    return total;
}

/* A way to move bytes: part by part, or by the operation that a file has for lists of parts. */
enum direction { READ, WRITE };

static long
move_list(struct file *file, const struct abi_iovec *parts, unsigned count, enum direction way)
{
    long (*whole)(struct file *, const struct abi_iovec *, unsigned) =
        way == READ ? file->ops->readv : file->ops->writev;

    if (whole)
        return whole(file, parts, count);
    return way == READ ? move_parts(file, parts, count, read_part, FILE_POLLIN)
                       : move_parts(file, parts, count, write_part, FILE_POLLOUT);
}

long
file_write(struct file *file, void *from, size_t len)
{
    struct abi_iovec part = {from, len};

    return move_list(file, &part, 1, WRITE);
}

static long
move(int fd, const struct abi_iovec *parts, unsigned count, enum direction way)
{
    struct file *file = fd_get(fd);
    uint64_t sum = 0;

    defer_run();
    if (!file)
        return -EBADF;
    if (count > ABI_IOV_MAX)
        return -EINVAL;
    for (unsigned i = 0; i < count; i++)
        sum += parts[i].len;
    if (sum > INT32_MAX)
        return -EINVAL;
    file_hold(file);
    long result = move_list(file, parts, count, way);
    file_release(file);
    if (result == -EAGAIN)
        thread_yield();
    return result;
}

SYSCALL(3, read, int fd, char *to, size_t len)
{
    struct abi_iovec part = {to, MIN(len, INT32_MAX)};

    return move(fd, &part, 1, READ);
}

SYSCALL(4, write, int fd, char *from, size_t len)
{
    struct abi_iovec part = {from, MIN(len, INT32_MAX)};

    return move(fd, &part, 1, WRITE);
}

SYSCALL(145, readv, int fd, const struct abi_iovec *parts, unsigned count)
{
    return move(fd, parts, count, READ);
}

SYSCALL(146, writev, int fd, const struct abi_iovec *parts, unsigned count)
{
    return move(fd, parts, count, WRITE);
}

SYSCALL(6, close, int fd)
{
    return fd_close(fd);
}

SYSCALL(54, ioctl, int fd, unsigned long request, void *argument)
{
    struct file *file = fd_get(fd);

    if (!file)
        return -EBADF;
    if (request == ABI_FIONBIO) {
        file->flags &= ~(unsigned)FILE_O_NONBLOCK;
        if (*(const int *)argument)
            file->flags |= FILE_O_NONBLOCK;
        return 0;
    }
    return file->ops->ioctl ? file->ops->ioctl(file, request, argument) : -ENOTTY;
}

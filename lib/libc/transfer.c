/*
 * From one file into another without the program's memory in between: sendfile and copy_file_range.
 * What they move is copied all the same, through a few pages. Pipes hand over no pages either, so
 * splice and its like are refused as they are for files that cannot do it; programs copy then.
 */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "lib/libc/file.h"
#include "lib/libc/part.h"
#include "lib/libc/syscall.h"

PART(transfer);

#define BUFFER_PAGES 8
#define BUFFER       (BUFFER_PAGES * PAGE_SIZE)
#define CALL_MAX     (INT32_MAX - (int32_t)PAGE_SIZE + 1) /* bytes of one call, as Linux has it */

#define S_IFMT  0170000
#define S_IFREG 0100000
#define S_IFDIR 0040000

/* Where to read next, and to write; NULL: where the file stands. */
struct ends {
    struct file *in, *out;
    uint64_t *in_at, *out_at;
};

static uint64_t
place(const struct file *file, const uint64_t *at)
{
    return at ? *at : file->position;
}

static void
advance(struct file *file, uint64_t *at, size_t n)
{
    if (!file->ops->nowhere)
        *(at ? at : &file->position) += n;
}

static long
put(struct ends *e, void *buffer, size_t len)
{
    return e->out_at ? e->out->ops->pwrite(e->out, buffer, len, *e->out_at)
                     : file_write(e->out, buffer, len);
}

/* Bytes moved, as far as both ends go along. What could not be written was not read. */
static long
transfer(struct ends *e, size_t len)
{
    size_t done = 0;
    long n = 0;
    char *buffer = pages_alloc(BUFFER_PAGES);

    if (!buffer)
        return -ENOMEM;
    while (done < len) {
        n = e->in->ops->pread(e->in, buffer, MIN(len - done, (size_t)BUFFER),
                              place(e->in, e->in_at));
        if (n <= 0)
            break;
        size_t wanted = (size_t)n;
        n = put(e, buffer, wanted);
        if (n <= 0)
            break;
        advance(e->in, e->in_at, (size_t)n);
        if (e->out_at)
            advance(e->out, e->out_at, (size_t)n);
        done += (size_t)n;
        if ((size_t)n < wanted)
            break;
    }
    pages_free(buffer, BUFFER_PAGES);
    return done ? (long)done : n;
}

/* Both, held; or -EBADF: not open, or not for this direction. */
static int
hold(int in, int out, struct ends *e)
{
    e->in = fd_get(in);
    e->out = fd_get(out);
    if (!e->in || !e->out || (e->in->flags & FILE_O_ACCMODE) == FILE_O_WRONLY ||
        (e->out->flags & FILE_O_ACCMODE) == FILE_O_RDONLY)
        return -EBADF;
    file_hold(e->in);
    file_hold(e->out);
    return 0;
}

static long
let_go(struct ends *e, long result)
{
    file_release(e->in);
    file_release(e->out);
    return result;
}

/* ---- sendfile ---- */

static long
send_file(int out, int in, uint64_t *at, size_t len)
{
    struct ends e = {.in_at = at};
    int error = hold(in, out, &e);

    defer_run();
    if (error)
        return error;
    if (!e.in->ops->pread)
        return let_go(&e, at ? -ESPIPE : -EINVAL);
    if ((at && (int64_t)*at < 0) || (e.out->flags & FILE_O_APPEND))
        return let_go(&e, -EINVAL);
    return let_go(&e, transfer(&e, MIN(len, (size_t)CALL_MAX)));
}

SYSCALL(239, sendfile64, int out, int in, uint64_t *at, size_t len)
{
    return send_file(out, in, at, len);
}

SYSCALL(187, sendfile, int out, int in, int32_t *at, size_t len)
{
    uint64_t wide = at ? (uint64_t)(int64_t)*at : 0;
    long result = send_file(out, in, at ? &wide : NULL, len);

    if (at && result > 0)
        *at = (int32_t)wide;
    return result;
}

/* ---- copy_file_range ---- */

/* Between which files it works, and which places. */
static int
check_range(const struct ends *e, size_t len)
{
    uint64_t from = place(e->in, e->in_at), to = place(e->out, e->out_at);
    struct file_stat in, out;
    int error = e->in->ops->stat ? e->in->ops->stat(e->in, &in) : -EINVAL;

    if (!error)
        error = e->out->ops->stat ? e->out->ops->stat(e->out, &out) : -EINVAL;
    if (error)
        return error;
    if ((in.mode & S_IFMT) == S_IFDIR || (out.mode & S_IFMT) == S_IFDIR)
        return -EISDIR;
    if ((in.mode & S_IFMT) != S_IFREG || (out.mode & S_IFMT) != S_IFREG)
        return -EINVAL;
    if (e->out->flags & FILE_O_APPEND)
        return -EBADF;
    if (in.device != out.device)
        return -EXDEV;
    if ((int64_t)from < 0 || (int64_t)to < 0 || (int64_t)(from + len) < 0 ||
        (int64_t)(to + len) < 0)
        return -EOVERFLOW;
    if (in.inode == out.inode && from < to + len && to < from + len)
        return -EINVAL;
    return 0;
}

SYSCALL(377, copy_file_range, int in, uint64_t *in_at, int out, uint64_t *out_at, size_t len,
        unsigned flags)
{
    struct ends e = {.in_at = in_at, .out_at = out_at};
    int error = hold(in, out, &e);

    defer_run();
    if (error)
        return error;
    if (flags)
        return let_go(&e, -EINVAL);
    error = check_range(&e, len);
    if (!error && !e.out->ops->pwrite)
        error = -EBADF;
    return let_go(&e, error ? error : transfer(&e, MIN(len, (size_t)CALL_MAX)));
}

/* ---- splice and its like ---- */

SYSCALL(313, splice, int in, UNUSED uint64_t *in_at, int out)
{
    return fd_get(in) && fd_get(out) ? -EINVAL : -EBADF;
}

SYSCALL(315, tee, int in, int out)
{
    return fd_get(in) && fd_get(out) ? -EINVAL : -EBADF;
}

SYSCALL(316, vmsplice, int fd)
{
    return fd_get(fd) ? -EINVAL : -EBADF;
}

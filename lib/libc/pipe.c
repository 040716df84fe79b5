/*
 * Pipes: a ring of bytes with a file at either end. As everywhere, a write of up to PIPE_BUF
 * bytes goes in as a whole. A pipe whose readers are gone gives -EPIPE; there is no SIGPIPE,
 * which would end a program that most often wants to go on.
 */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "kernel/string.h"
#include "lib/libc/file.h"
#include "lib/libc/part.h"
#include "lib/libc/syscall.h"

PART(pipe);

#define SIZE     16384u /* bytes that fit, a power of two */
#define PIPE_BUF 4096u

struct pipe {
    char *ring;
    uint32_t in, out; /* bytes ever written and read; a place is number modulo SIZE */
    bool read_open, write_open;
    struct wait_queue changed;
    struct file read_end, write_end;
};

static uint32_t
filled(const struct pipe *p)
{
    return p->in - p->out;
}

/* Bytes up to the ring's end or `len`, whichever comes first. */
static uint32_t
run_length(uint32_t number, uint32_t len)
{
    return MIN(len, SIZE - number % SIZE);
}

static unsigned
read_poll(struct file *file)
{
    const struct pipe *p = file->private;

    return (filled(p) ? FILE_POLLIN : 0) | (p->write_open ? 0 : FILE_POLLHUP);
}

static unsigned
write_poll(struct file *file)
{
    const struct pipe *p = file->private;

    if (!p->read_open)
        return FILE_POLLOUT | FILE_POLLERR;
    return SIZE - filled(p) >= PIPE_BUF ? FILE_POLLOUT : 0;
}

static long
pipe_read(struct file *file, void *to, size_t len)
{
    struct pipe *p = file->private;
    uint32_t done = 0;

    if (len == 0)
        return 0;
    while (filled(p) == 0) {
        if (!p->write_open)
            return 0;
        if (file->flags & FILE_O_NONBLOCK)
            return -EAGAIN;
        int result = file_wait(file, FILE_POLLIN, TIME_NEVER);
        if (result < 0)
            return result;
    }
    while (done < len && filled(p) > 0) {
        uint32_t n = run_length(p->out, MIN(filled(p), (uint32_t)len - done));
        memcpy((char *)to + done, p->ring + p->out % SIZE, n);
        p->out += n;
        done += n;
    }
    wake_all(&p->changed);
    return (long)done;
}

static uint32_t
put(struct pipe *p, const char *from, uint32_t len)
{
    uint32_t done = 0;

    while (done < len && filled(p) < SIZE) {
        uint32_t n = run_length(p->in, MIN(SIZE - filled(p), len - done));
        memcpy(p->ring + p->in % SIZE, from + done, n);
        p->in += n;
        done += n;
    }
    if (done)
        wake_all(&p->changed);
    return done;
}

static long
pipe_write(struct file *file, const void *from, size_t len)
{
    struct pipe *p = file->private;
    uint32_t least = len <= PIPE_BUF ? (uint32_t)len : 1, done = 0;

    while (done < len) {
        if (!p->read_open)
            return done ? (long)done : -EPIPE;
        if (SIZE - filled(p) >= least) {
            done += put(p, (const char *)from + done, (uint32_t)len - done);
            continue;
        }
        if (file->flags & FILE_O_NONBLOCK)
            return done ? (long)done : -EAGAIN;
        int result = file_wait(file, FILE_POLLOUT, TIME_NEVER);
        if (result < 0)
            return done ? (long)done : result;
    }
    return (long)done;
}

static void
pipe_close(struct file *file)
{
    struct pipe *p = file->private;

    if (file == &p->read_end)
        p->read_open = false;
    else
        p->write_open = false;
    wake_all(&p->changed);
    if (p->read_open || p->write_open)
        return;
    pages_free(p->ring, SIZE / PAGE_SIZE);
    kfree(p);
}

static int
pipe_ioctl(struct file *file, unsigned long request, void *argument)
{
    const struct pipe *p = file->private;

    if (request != ABI_FIONREAD)
        return -ENOTTY;
    *(int *)argument = (int)filled(p);
    return 0;
}

static int
pipe_stat(struct file *file, struct file_stat *out)
{
    (void)file;
    *out = (struct file_stat){.mode = 0010600, .links = 1}; /* a pipe, prw------- */
    return 0;
}

static const struct file_ops read_operations = {
    .kind = "pipe",
    .read = pipe_read,
    .poll = read_poll,
    .ioctl = pipe_ioctl,
    .stat = pipe_stat,
    .close = pipe_close,
};

static const struct file_ops write_operations = {
    .kind = "pipe",
    .write = pipe_write,
    .poll = write_poll,
    .ioctl = pipe_ioctl,
    .stat = pipe_stat,
    .close = pipe_close,
};

static struct pipe *
make_pipe(unsigned flags)
{
    struct pipe *p = kmalloc(sizeof(*p));

    if (!p)
        return NULL;
    p->ring = pages_alloc(SIZE / PAGE_SIZE);
    if (!p->ring) {
        kfree(p);
        return NULL;
    }
    wait_queue_init(&p->changed);
    p->read_open = p->write_open = true;
    p->read_end = (struct file){.ops = &read_operations,
                                .private = p,
                                .refs = 1,
                                .flags = FILE_O_RDONLY | flags,
                                .changed = &p->changed};
    p->write_end = (struct file){.ops = &write_operations,
                                 .private = p,
                                 .refs = 1,
                                 .flags = FILE_O_WRONLY | flags,
                                 .changed = &p->changed};
    return p;
}

static long
open_pipe(int *fds, unsigned flags)
{
    struct pipe *p;

    if (flags & ~(FILE_O_NONBLOCK | FILE_O_CLOEXEC))
        return -EINVAL;
    p = make_pipe(flags & FILE_O_NONBLOCK);
    if (!p)
        return -ENOMEM;
    int from = fd_install(&p->read_end, 0, flags & FILE_O_CLOEXEC);
    if (from < 0) {
        file_release(&p->write_end);
        return from;
    }
    int to = fd_install(&p->write_end, 0, flags & FILE_O_CLOEXEC);
    if (to < 0) {
        fd_close(from);
        return to;
    }
    fds[0] = from;
    fds[1] = to;
    return 0;
}

SYSCALL(42, pipe, int *fds)
{
    return open_pipe(fds, 0);
}

SYSCALL(331, pipe2, int *fds, unsigned flags)
{
    return open_pipe(fds, flags);
}

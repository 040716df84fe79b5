/*
 * signalfd: signals that a program blocks, read as records from a file instead of taken by a
 * handler. What a reader gets is what waits for it and for the program.
 */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "kernel/string.h"
#include "lib/libc/file.h"
#include "lib/libc/part.h"
#include "lib/libc/signal.h"
#include "lib/libc/syscall.h"

PART(signalfd);

#define SET_SIZE 8

struct signalfd {
    uint64_t set;
    struct file file;
};

/* struct signalfd_siginfo of Linux's <linux/signalfd.h>. */
struct record {
    uint32_t signo;
    int32_t error, code;
    uint32_t pid, uid;
    int32_t fd;
    uint32_t timer, band, overruns, trap;
    int32_t status, value;
    uint64_t pointer;
    uint8_t unused[72];
};
_Static_assert(sizeof(struct record) == 128, "a record is 128 bytes");

static unsigned
signalfd_poll(struct file *file)
{
    const struct signalfd *s = file->private;

    return signal_pending_set() & s->set ? FILE_POLLIN : 0;
}

static void
put(const struct abi_siginfo *info, struct record *to)
{
    bool timer = info->code == ABI_SI_TIMER;

    *to = (struct record){.signo = (uint32_t)info->signo,
                          .error = info->error,
                          .code = info->code,
                          .value = (int32_t)info->value,
                          .pointer = info->value};
    *(timer ? &to->timer : &to->pid) = (uint32_t)info->pid;
    *(timer ? &to->overruns : &to->uid) = (uint32_t)info->uid;
}

static long
signalfd_read(struct file *file, void *to, size_t len)
{
    const struct signalfd *s = file->private;
    struct abi_siginfo info;
    struct record record;
    size_t done = 0;

    if (len < sizeof(record))
        return -EINVAL;
    while (!signalfd_poll(file)) {
        int result =
            file->flags & FILE_O_NONBLOCK ? -EAGAIN : file_wait(file, FILE_POLLIN, TIME_NEVER);
        if (result < 0)
            return result;
    }
    for (; len - done >= sizeof(record) && signalfd_poll(file); done += sizeof(record)) {
        (void)signal_take(signal_pending_set() & s->set, &info);
        put(&info, &record);
        memcpy((char *)to + done, &record, sizeof(record));
    }
    return (long)done;
}

static void
signalfd_close(struct file *file)
{
    kfree(file->private);
}

static const struct file_ops operations = {
    .kind = "signalfd",
    .read = signalfd_read,
    .poll = signalfd_poll,
    .close = signalfd_close,
};

static long
change(int fd, uint64_t set)
{
    struct file *file = fd_get(fd);

    if (!file)
        return -EBADF;
    if (file->ops != &operations)
        return -EINVAL;
    ((struct signalfd *)file->private)->set = set;
    wake_all(file->changed); /* more may wait than did */
    return fd;
}

SYSCALL(327, signalfd4, int fd, const uint32_t *halves, size_t size, unsigned flags)
{
    if (size != SET_SIZE || (flags & ~(FILE_O_NONBLOCK | FILE_O_CLOEXEC)))
        return -EINVAL;
    uint64_t set = signal_set(halves) & ~SIGNAL_UNBLOCKABLE;
    if (fd != -1)
        return change(fd, set);
    struct signalfd *s = kmalloc(sizeof(*s));
    if (!s)
        return -ENOMEM;
    s->set = set;
    s->file = (struct file){.ops = &operations,
                            .private = s,
                            .refs = 1,
                            .flags = FILE_O_RDWR | (flags & FILE_O_NONBLOCK),
                            .changed = &signal_sent};
    return fd_install(&s->file, 0, flags & FILE_O_CLOEXEC);
}

SYSCALL(321, signalfd, int fd, const uint32_t *halves, size_t size)
{
    return sys_signalfd4(fd, halves, size, 0);
}

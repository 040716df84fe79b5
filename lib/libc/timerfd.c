/*
 * timerfd: a timer as a file. Each time that is over counts, and a read takes the count. Nobody can
 * set the clocks here, so TFD_TIMER_CANCEL_ON_SET is accepted and never cancels.
 */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/string.h"
#include "lib/libc/clock.h"
#include "lib/libc/file.h"
#include "lib/libc/interval.h"
#include "lib/libc/part.h"
#include "lib/libc/syscall.h"

PART(timerfd);

#define TFD_TIMER_ABSTIME       1
#define TFD_TIMER_CANCEL_ON_SET 2

struct timerfd {
    struct interval interval;
    uint64_t
        count; /* times that are over and were not read, without those since the last look */
    struct wait_queue changed;
    struct file file;
};

static void
fired(void *arg)
{
    struct timerfd *t = arg;

    if (!interval_fired(&t->interval))
        return;
    t->count++;
    wake_all(&t->changed);
}

static unsigned
timerfd_poll(struct file *file)
{
    const struct timerfd *t = file->private;

    return t->count ? FILE_POLLIN : 0;
}

static long
timerfd_read(struct file *file, void *to, size_t len)
{
    struct timerfd *t = file->private;

    if (len < sizeof(t->count))
        return -EINVAL;
    while (!t->count) {
        int result =
            file->flags & FILE_O_NONBLOCK ? -EAGAIN : file_wait(file, FILE_POLLIN, TIME_NEVER);
        if (result < 0)
            return result;
    }
    t->count += interval_go_on(&t->interval);
    memcpy(to, &t->count, sizeof(t->count));
    t->count = 0;
    return sizeof(t->count);
}

static void
timerfd_close(struct file *file)
{
    struct timerfd *t = file->private;

    timer_cancel(&t->interval.timer);
    kfree(t);
}

static const struct file_ops operations = {
    .kind = "timerfd",
    .read = timerfd_read,
    .poll = timerfd_poll,
    .close = timerfd_close,
};

SYSCALL(322, timerfd_create, int clock, unsigned flags)
{
    if ((flags & ~(FILE_O_NONBLOCK | FILE_O_CLOEXEC)) ||
        (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME))
        return -EINVAL;
    struct timerfd *t = kmalloc(sizeof(*t));
    if (!t)
        return -ENOMEM;
    *t = (struct timerfd){.interval = {.timer = {.fire = fired, .arg = t}, .clock = clock}};
    wait_queue_init(&t->changed);
    t->file = (struct file){.ops = &operations,
                            .private = t,
                            .refs = 1,
                            .flags = FILE_O_RDWR | (flags & FILE_O_NONBLOCK),
                            .changed = &t->changed};
    return fd_install(&t->file, 0, flags & FILE_O_CLOEXEC);
}

static int
get(int fd, struct timerfd **out)
{
    struct file *file = fd_get(fd);

    if (!file)
        return -EBADF;
    if (file->ops != &operations)
        return -EINVAL;
    *out = file->private;
    return 0;
}

static struct interval_setting
left(struct timerfd *t)
{
    t->count += interval_go_on(&t->interval);
    return interval_left(&t->interval);
}

static int
set(int fd, unsigned flags, struct interval_setting new, struct interval_setting *old)
{
    struct timerfd *t;

    if (flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET))
        return -EINVAL;
    int error = get(fd, &t);
    if (error)
        return error;
    *old = left(t);
    t->count = 0;
    interval_set(&t->interval, new, flags & TFD_TIMER_ABSTIME, false);
    return 0;
}

SYSCALL(325, timerfd_settime, int fd, unsigned flags, const struct abi_itimerspec32 *new,
        struct abi_itimerspec32 *old)
{
    struct interval_setting setting, was;
    int error = interval_in32(new, &setting);

    error = error ? error : set(fd, flags, setting, &was);
    if (!error && old)
        interval_out32(was, old);
    return error;
}

SYSCALL(411, timerfd_settime64, int fd, unsigned flags, const struct abi_itimerspec64 *new,
        struct abi_itimerspec64 *old)
{
    struct interval_setting setting, was;
    int error = interval_in64(new, &setting);

    error = error ? error : set(fd, flags, setting, &was);
    if (!error && old)
        interval_out64(was, old);
    return error;
}

SYSCALL(326, timerfd_gettime, int fd, struct abi_itimerspec32 *out)
{
    struct timerfd *t;
    int error = get(fd, &t);

    if (!error)
        interval_out32(left(t), out);
    return error;
}

SYSCALL(410, timerfd_gettime64, int fd, struct abi_itimerspec64 *out)
{
    struct timerfd *t;
    int error = get(fd, &t);

    if (!error)
        interval_out64(left(t), out);
    return error;
}

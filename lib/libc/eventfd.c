/* Event counters: a number that write adds to and read takes, as a file that can be polled. */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "kernel/string.h"
#include "lib/libc/file.h"
#include "lib/libc/part.h"
#include "lib/libc/signal.h"
#include "lib/libc/syscall.h"

PART(eventfd);

#define EFD_SEMAPHORE 1
#define COUNT_MAX     (UINT64_MAX - 1)

struct event {
    uint64_t count;
    bool semaphore; /* a read takes 1 */
    struct wait_queue changed;
    struct file file;
};

static unsigned
event_poll(struct file *file)
{
    const struct event *event = file->private;

    return (event->count > 0 ? FILE_POLLIN : 0) | (event->count < COUNT_MAX ? FILE_POLLOUT : 0);
}

/* 0 when `ready` holds, or why it will not be waited for. */
static int
wait_until(struct file *file, unsigned ready)
{
    if (file->flags & FILE_O_NONBLOCK)
        return -EAGAIN;
    int result = file_wait(file, ready, TIME_NEVER);
    return result < 0 ? result : 0;
}

static long
event_read(struct file *file, void *to, size_t len)
{
    struct event *event = file->private;

    if (len < sizeof(uint64_t))
        return -EINVAL;
    while (event->count == 0) {
        int error = wait_until(file, FILE_POLLIN);
        if (error)
            return error;
    }
    uint64_t taken = event->semaphore ? 1 : event->count;
    event->count -= taken;
    memcpy(to, &taken, sizeof(taken));
    wake_all(&event->changed);
    return sizeof(taken);
}

static long
event_write(struct file *file, const void *from, size_t len)
{
    struct event *event = file->private;
    uint64_t added;

    if (len < sizeof(added))
        return -EINVAL;
    memcpy(&added, from, sizeof(added));
    if (added > COUNT_MAX)
        return -EINVAL;
    while (COUNT_MAX - event->count < added) {
        /* Not writable by so much: any read may change that, so wait for the queue. */
        int error = file->flags & FILE_O_NONBLOCK ? -EAGAIN
                                                  : signal_wait_on(&event->changed, TIME_NEVER);
        if (error)
            return error;
    }
    event->count += added;
    wake_all(&event->changed);
    return sizeof(added);
}

static void
event_close(struct file *file)
{
    kfree(file->private);
}

static const struct file_ops operations = {
    .kind = "eventfd",
    .read = event_read,
    .write = event_write,
    .poll = event_poll,
    .close = event_close,
};

SYSCALL(328, eventfd2, unsigned first, unsigned flags)
{
    if (flags & ~(EFD_SEMAPHORE | FILE_O_NONBLOCK | FILE_O_CLOEXEC))
        return -EINVAL;
    struct event *event = kmalloc(sizeof(*event));
    if (!event)
        return -ENOMEM;
    event->count = first;
    event->semaphore = flags & EFD_SEMAPHORE;
    wait_queue_init(&event->changed);
    event->file = (struct file){.ops = &operations,
                                .private = event,
                                .refs = 1,
                                .flags = FILE_O_RDWR | (flags & FILE_O_NONBLOCK),
                                .changed = &event->changed};
    return fd_install(&event->file, 0, flags & FILE_O_CLOEXEC);
}

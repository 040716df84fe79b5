/*
 * Queues of messages (mq_overview(7)): mq_open and its calls. A queue lives while it has a name or is
 * open. Each message takes memory of its own when it is sent; what all queues may hold together has
 * the limit that Linux sets for one user, so that a program cannot promise itself all of memory.
 */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "kernel/string.h"
#include "lib/libc/clock.h"
#include "lib/libc/file.h"
#include "lib/libc/messages.h"
#include "lib/libc/part.h"
#include "lib/libc/signal.h"
#include "lib/libc/syscall.h"
#include "lib/socket/errno.h"

PART(messages);

#define NAME_MAX         255
#define PRIORITIES       32768
#define MESSAGES_DEFAULT 10
#define SIZE_DEFAULT     8192
#define MESSAGES_MAX     65536        /* of one queue */
#define SIZE_MAX_EVER    (16u << 20)  /* of one message */
#define BYTES_MAX        (800u << 10) /* of all queues: RLIMIT_MSGQUEUE */

struct message {
    struct list link;
    uint32_t priority, len;
    char text[];
};

struct attributes {
    int32_t flags, messages_max, size_max, count;
    int32_t reserved[4];
};

static struct list named = LIST_INIT(named);
static uint64_t promised; /* bytes, to all queues */

static uint64_t
bytes_of(uint32_t messages_max, uint32_t size_max)
{
    return (uint64_t)messages_max * (size_max + sizeof(struct message));
}

/* ---- as a file ---- */

static unsigned
messages_poll(struct file *file)
{
    const struct messages *q = file->private;

    return (q->count ? FILE_POLLIN : 0) | (q->count < q->messages_max ? FILE_POLLOUT : 0);
}

static void
drop_unused(struct messages *q)
{
    if (q->opened || q->linked)
        return;
    while (!list_empty(&q->waiting)) {
        struct message *m = container_of(q->waiting.next, struct message, link);
        list_remove(&m->link);
        kfree(m);
    }
    promised -= bytes_of(q->messages_max, q->size_max);
    kfree(q);
}

static void
messages_close(struct file *file)
{
    struct messages *q = file->private;

    q->opened--;
    q->registered = false; /* it was this program, whatever descriptor it did it by */
    kfree(file);
    drop_unused(q);
}

static const struct file_ops operations = {
    .kind = "queue of messages",
    .poll = messages_poll,
    .close = messages_close,
};

struct messages *
messages_get(int fd)
{
    struct file *file = fd_get(fd);

    return file && file->ops == &operations ? file->private : NULL;
}

/* ---- names ---- */

/* The C library has taken the slash in front away. */
static int
check_name(const char *name)
{
    size_t len = strnlen(name, NAME_MAX + 1);

    if (len == 0)
        return -ENOENT;
    if (len > NAME_MAX)
        return -ENAMETOOLONG;
    if (strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return -EACCES;
    return 0;
}

static struct messages *
find(const char *name)
{
    list_foreach(link, &named)
    {
        struct messages *q = container_of(link, struct messages, link);
        if (strcmp(q->name, name) == 0)
            return q;
    }
    return NULL;
}

static int
make(const char *name, const struct attributes *wanted, struct messages **out)
{
    int32_t messages_max = wanted ? wanted->messages_max : MESSAGES_DEFAULT;
    int32_t size_max = wanted ? wanted->size_max : SIZE_DEFAULT;

    if (messages_max <= 0 || size_max <= 0 || messages_max > MESSAGES_MAX ||
        (uint32_t)size_max > SIZE_MAX_EVER)
        return -EINVAL;
    uint64_t bytes = bytes_of((uint32_t)messages_max, (uint32_t)size_max);
    if (promised + bytes > BYTES_MAX)
        return -EMFILE;
    size_t len = strlen(name) + 1;
    struct messages *q = kmalloc(sizeof(*q) + len);
    if (!q)
        return -ENOMEM;
    *q = (struct messages){.name = (char *)(q + 1),
                           .linked = true,
                           .messages_max = (uint32_t)messages_max,
                           .size_max = (uint32_t)size_max};
    memcpy(q->name, name, len);
    list_init(&q->waiting);
    wait_queue_init(&q->changed);
    list_append(&named, &q->link);
    promised += bytes;
    *out = q;
    return 0;
}

SYSCALL(277, mq_open, const char *name, unsigned flags, UNUSED uint32_t mode,
        const struct attributes *wanted)
{
    int error = check_name(name);

    error = error ? error : MIN(fd_next(0), 0);
    if (error)
        return error;
    struct messages *q = find(name);
    if (q && (flags & FILE_O_CREAT) && (flags & FILE_O_EXCL))
        return -EEXIST;
    if (!q && !(flags & FILE_O_CREAT))
        return -ENOENT;
    if ((flags & FILE_O_ACCMODE) == FILE_O_ACCMODE)
        return -EINVAL;
    struct file *file = kmalloc(sizeof(*file));
    if (!file)
        return -ENOMEM;
    error = q ? 0 : make(name, wanted, &q);
    if (error) {
        kfree(file);
        return error;
    }
    *file = (struct file){.ops = &operations,
                          .private = q,
                          .refs = 1,
                          .flags = flags & (FILE_O_ACCMODE | FILE_O_NONBLOCK),
                          .changed = &q->changed};
    q->opened++;
    return fd_install(file, 0, true); /* mq_open(3): it is closed at exec */
}

SYSCALL(278, mq_unlink, const char *name)
{
    int error = check_name(name);
    struct messages *q = error ? NULL : find(name);

    if (!q)
        return error ? error : -ENOENT;
    list_remove(&q->link);
    q->linked = false;
    drop_unused(q);
    return 0;
}

/* ---- messages ---- */

/* A time of the wall clock, as that of clock_now. */
static int
deadline_of(int64_t sec, int32_t nsec, uint64_t *deadline)
{
    int error = clock_span(sec, nsec, deadline);

    if (!error && *deadline != TIME_NEVER)
        *deadline -= MIN(*deadline, clock_base(CLOCK_REALTIME));
    return error;
}

static int
deadline32(const struct abi_timespec32 *until, uint64_t *deadline)
{
    *deadline = TIME_NEVER;
    return until ? deadline_of(until->sec, until->nsec, deadline) : 0;
}

static int
deadline64(const struct abi_timespec64 *until, uint64_t *deadline)
{
    *deadline = TIME_NEVER;
    return until ? deadline_of(until->sec, until->nsec, deadline) : 0;
}

/* The queue's file, held, if it may be used in that direction. */
static int
get(int fd, unsigned other_direction, struct file **out)
{
    struct file *file = fd_get(fd);

    if (!file || file->ops != &operations || (file->flags & FILE_O_ACCMODE) == other_direction)
        return -EBADF;
    file_hold(file);
    *out = file;
    return 0;
}

static int
wait_for_change(struct file *file, uint64_t deadline)
{
    struct messages *q = file->private;

    return file->flags & FILE_O_NONBLOCK ? -EAGAIN : signal_wait_on(&q->changed, deadline);
}

/* Behind all of its priority and above. */
static void
enqueue(struct messages *q, struct message *new)
{
    struct list *behind = q->waiting.prev;

    while (behind != &q->waiting &&
           container_of(behind, struct message, link)->priority < new->priority)
        behind = behind->prev;
    list_insert_before(behind->next, &new->link);
    q->count++;
}

static long
send_to(struct file *file, const char *text, uint32_t len, uint32_t priority, uint64_t deadline)
{
    struct messages *q = file->private;

    if (len > q->size_max)
        return -EMSGSIZE;
    while (q->count == q->messages_max) {
        int error = wait_for_change(file, deadline);
        if (error)
            return error;
    }
    struct message *m = kmalloc(sizeof(*m) + len);
    if (!m)
        return -ENOMEM;
    m->priority = priority;
    m->len = len;
    memcpy(m->text, text, len);
    enqueue(q, m);
    if (q->count == 1 && !q->receivers && q->registered && messages_notify)
        messages_notify(q);
    wake_all(&q->changed);
    return 0;
}

static long
receive_from(struct file *file, char *to, uint32_t size, uint32_t *priority, uint64_t deadline)
{
    struct messages *q = file->private;

    if (size < q->size_max)
        return -EMSGSIZE;
    while (!q->count) {
        q->receivers++;
        int error = wait_for_change(file, deadline);
        q->receivers--;
        if (error)
            return error;
    }
    struct message *m = container_of(q->waiting.next, struct message, link);
    uint32_t len = m->len;
    memcpy(to, m->text, len);
    if (priority)
        *priority = m->priority;
    list_remove(&m->link);
    kfree(m);
    q->count--;
    wake_all(&q->changed);
    return (long)len;
}

static long
send(int fd, const char *text, uint32_t len, uint32_t priority, uint64_t deadline)
{
    struct file *file;

    if (priority >= PRIORITIES)
        return -EINVAL;
    int error = get(fd, FILE_O_RDONLY, &file);
    if (error)
        return error;
    long result = send_to(file, text, len, priority, deadline);
    file_release(file);
    return result;
}

static long
receive(int fd, char *to, uint32_t size, uint32_t *priority, uint64_t deadline)
{
    struct file *file;
    int error = get(fd, FILE_O_WRONLY, &file);

    if (error)
        return error;
    long result = receive_from(file, to, size, priority, deadline);
    file_release(file);
    return result;
}

SYSCALL(279, mq_timedsend, int fd, const char *text, uint32_t len, uint32_t priority,
        const struct abi_timespec32 *until)
{
    uint64_t deadline;
    int error = deadline32(until, &deadline);

    return error ? error : send(fd, text, len, priority, deadline);
}

SYSCALL(418, mq_timedsend_time64, int fd, const char *text, uint32_t len, uint32_t priority,
        const struct abi_timespec64 *until)
{
    uint64_t deadline;
    int error = deadline64(until, &deadline);

    return error ? error : send(fd, text, len, priority, deadline);
}

SYSCALL(280, mq_timedreceive, int fd, char *to, uint32_t size, uint32_t *priority,
        const struct abi_timespec32 *until)
{
    uint64_t deadline;
    int error = deadline32(until, &deadline);

    return error ? error : receive(fd, to, size, priority, deadline);
}

SYSCALL(419, mq_timedreceive_time64, int fd, char *to, uint32_t size, uint32_t *priority,
        const struct abi_timespec64 *until)
{
    uint64_t deadline;
    int error = deadline64(until, &deadline);

    return error ? error : receive(fd, to, size, priority, deadline);
}

SYSCALL(282, mq_getsetattr, int fd, const struct attributes *new, struct attributes *old)
{
    const struct messages *q;

    if (new && ((unsigned)new->flags & ~FILE_O_NONBLOCK))
        return -EINVAL;
    q = messages_get(fd);
    if (!q)
        return -EBADF;
    struct file *file = fd_get(fd);
    if (old)
        *old = (struct attributes){.flags = (int32_t)(file->flags & FILE_O_NONBLOCK),
                                   .messages_max = (int32_t)q->messages_max,
                                   .size_max = (int32_t)q->size_max,
                                   .count = (int32_t)q->count};
    if (new)
        file->flags = (file->flags & ~(unsigned)FILE_O_NONBLOCK) |
                      ((unsigned)new->flags &FILE_O_NONBLOCK);
    return 0;
}

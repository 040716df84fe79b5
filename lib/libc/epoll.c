/*
 * epoll: files that are watched between waits. An entry hangs on its file's queue, and when that
 * is woken the entry joins those that may be ready. A wait looks at these and at no others, so it
 * costs the same however many files are watched. An edge (EPOLLET) is a wake-up of the queue: one
 * too many now and then, as on Linux, but never one too few.
 *
 * An entry belongs to a file by a certain descriptor, and goes with the file: as on Linux it stays
 * when that descriptor is closed and a copy of it is not.
 *
 * An epoll descriptor is itself readable when one of its entries is ready, and its queue is woken
 * as theirs are, so it can be watched in its turn.
 */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "lib/libc/file.h"
#include "lib/libc/part.h"
#include "lib/libc/signal.h"
#include "lib/libc/syscall.h"

PART(epoll);
static const void *const linked_with[] __attribute__((used, section(".discard.uses"))) = {
    file_forget_linked,
};

#define CTL_ADD 1
#define CTL_DEL 2
#define CTL_MOD 3

#define EPOLLONESHOT 0x40000000u
#define EPOLLET      0x80000000u
#define POLL_BITS    0x3fffu /* of an event mask; the rest are modes */
#define LEVELS_MAX   5       /* of epoll descriptors in each other, Linux's limit */

/* Linux packs it on this machine's 64-bit brother only, and 4-byte alignment makes it the same
 * here. */
struct epoll_event {
    uint32_t events;
    uint64_t data __attribute__((packed, aligned(4)));
};

struct entry {
    struct waiter waiter; /* on the file's queue, if it has one */
    struct list of_file, of_epoll;
    struct list maybe; /* its place among those that may be ready, or alone */
    struct epoll *epoll;
    struct file *file;
    int fd;                   /* by which it was added */
    struct epoll_event event; /* without POLL_BITS: its single shot is spent */
};

struct epoll {
    struct list entries, maybe;
    struct wait_queue changed; /* woken when an entry may be ready */
    uint32_t woken_in;         /* the last spread of a wake-up that came here */
    uint32_t counted_in;       /* the last count of levels that came here, */
    unsigned levels;           /* and what it found */
    struct file file;
};

/* ---- what is ready ---- */

static unsigned
ready(const struct entry *entry)
{
    return file_poll(entry->file) & entry->event.events & POLL_BITS;
}

/* A wake-up spreads through the epoll descriptors above. It comes to each once, however many
 * ways lead there. */
static void
woken(struct waiter *waiter)
{
    static uint32_t spread;
    static unsigned depth;
    struct entry *entry = container_of(waiter, struct entry, waiter);
    struct epoll *epoll = entry->epoll;

    if (!(entry->event.events & POLL_BITS))
        return;
    list_remove(&entry->maybe);
    list_append(&epoll->maybe, &entry->maybe);
    if (depth++ == 0)
        spread++;
    if (epoll->woken_in != spread) {
        epoll->woken_in = spread;
        wake_all(&epoll->changed);
    }
    depth--;
}

static unsigned
epoll_poll(struct file *file)
{
    struct epoll *epoll = file->private;

    while (!list_empty(&epoll->maybe)) {
        struct entry *entry = container_of(epoll->maybe.next, struct entry, maybe);
        if (ready(entry))
            return FILE_POLLIN;
        list_remove(&entry->maybe);
    }
    return 0;
}

/* What a reported entry does next; true: it is ready for as long as its file is. */
static bool
stays_ready(struct entry *entry)
{
    if (entry->event.events & EPOLLONESHOT)
        entry->event.events &= ~POLL_BITS;
    return !(entry->event.events & (EPOLLONESHOT | EPOLLET));
}

/* Up to `most` events. Those that stay ready go behind the others, which have their turn then. */
static long
report(struct epoll *epoll, struct epoll_event *out, int most)
{
    struct list again = LIST_INIT(again);
    long n = 0;

    while (n < most && !list_empty(&epoll->maybe)) {
        struct entry *entry = container_of(list_pop(&epoll->maybe), struct entry, maybe);
        unsigned events = ready(entry);
        if (!events)
            continue;
        out[n].events = events;
        out[n++].data = entry->event.data;
        if (stays_ready(entry))
            list_append(&again, &entry->maybe);
    }
    while (!list_empty(&again))
        list_append(&epoll->maybe, list_pop(&again));
    return n;
}

/* ---- entries ---- */

static void
remove_entry(struct entry *entry)
{
    wait_unwatch(&entry->waiter);
    list_remove(&entry->of_file);
    list_remove(&entry->of_epoll);
    list_remove(&entry->maybe);
    kfree(entry);
}

void
epoll_forget(struct file *file)
{
    while (!list_empty(&file->watched))
        remove_entry(container_of(file->watched.next, struct entry, of_file));
}

static void
epoll_close(struct file *file)
{
    struct epoll *epoll = file->private;

    while (!list_empty(&epoll->entries))
        remove_entry(container_of(epoll->entries.next, struct entry, of_epoll));
    kfree(epoll);
}

static const struct file_ops operations = {
    .kind = "epoll",
    .poll = epoll_poll,
    .close = epoll_close,
};

static struct entry *
find(const struct epoll *epoll, const struct file *file, int fd)
{
    if (!file->watched.next)
        return NULL;
    list_foreach(at, &file->watched)
    {
        struct entry *entry = container_of(at, struct entry, of_file);
        if (entry->epoll == epoll && entry->fd == fd)
            return entry;
    }
    return NULL;
}

/* Errors and hang-ups are always asked for. */
static void
set_event(struct entry *entry, const struct epoll_event *event)
{
    entry->event = *event;
    entry->event.events |= FILE_POLLERR | FILE_POLLHUP;
    if (ready(entry))
        woken(&entry->waiter);
}

static struct entry *
new_entry(struct epoll *epoll, struct file *file, int fd)
{
    struct entry *entry = kmalloc(sizeof(*entry));

    if (!entry)
        return NULL;
    entry->epoll = epoll;
    entry->file = file;
    entry->fd = fd;
    entry->waiter.woken = woken;
    list_init(&entry->waiter.link);
    list_init(&entry->maybe);
    if (file->changed)
        wait_watch(file->changed, &entry->waiter);
    if (!file->watched.next)
        list_init(&file->watched);
    list_append(&file->watched, &entry->of_file);
    list_append(&epoll->entries, &entry->of_epoll);
    return entry;
}

/* ---- epoll descriptors in each other ---- */

static struct epoll *
as_epoll(const struct file *file)
{
    return file && file->ops == &operations ? file->private : NULL;
}

/* Levels of epoll descriptors from this one down, each looked at once in a count; too many for
 * one that contains itself. */
static unsigned
levels(struct epoll *epoll, uint32_t count)
{
    unsigned below = 0;

    if (!epoll)
        return 0;
    if (epoll->counted_in == count)
        return epoll->levels;
    epoll->counted_in = count;
    epoll->levels = LEVELS_MAX + 1; /* should a way come back here */
    list_foreach(at, &epoll->entries)
    {
        const struct entry *entry = container_of(at, struct entry, of_epoll);
        below = MAX(below, levels(as_epoll(entry->file), count));
    }
    epoll->levels = below + 1;
    return epoll->levels;
}

static bool
nested_too_deep(void)
{
    static uint32_t count;

    count++;
    for (int fd = 0; fd < fd_end(); fd++)
        if (levels(as_epoll(fd_get(fd)), count) > LEVELS_MAX)
            return true;
    return false;
}

/* ---- the calls ---- */

SYSCALL(329, epoll_create1, int flags)
{
    if (flags & ~FILE_O_CLOEXEC)
        return -EINVAL;
    struct epoll *epoll = kmalloc(sizeof(*epoll));
    if (!epoll)
        return -ENOMEM;
    list_init(&epoll->entries);
    list_init(&epoll->maybe);
    wait_queue_init(&epoll->changed);
    epoll->woken_in = epoll->counted_in = 0;
    epoll->file = (struct file){.ops = &operations,
                                .private = epoll,
                                .refs = 1,
                                .flags = FILE_O_RDWR,
                                .changed = &epoll->changed};
    return fd_install(&epoll->file, 0, flags & FILE_O_CLOEXEC);
}

static int
add(struct epoll *epoll, struct file *file, int fd, const struct epoll_event *event)
{
    struct entry *entry = new_entry(epoll, file, fd);

    if (!entry)
        return -ENOMEM;
    if (as_epoll(file) && nested_too_deep()) {
        remove_entry(entry);
        return -ELOOP;
    }
    set_event(entry, event);
    return 0;
}

SYSCALL(255, epoll_ctl, int epoll_fd, int operation, int fd, const struct epoll_event *event)
{
    struct file *file = fd_get(fd), *set = fd_get(epoll_fd);
    struct epoll *epoll = as_epoll(set);

    if (!file || !set)
        return -EBADF;
    if (operation != CTL_DEL && !file->ops->poll)
        return -EPERM; /* always ready: there is nothing to wait for */
    if (!epoll || file == set || operation < CTL_ADD || operation > CTL_MOD)
        return -EINVAL;
    struct entry *entry = find(epoll, file, fd);
    if (operation == CTL_ADD)
        return entry ? -EEXIST : add(epoll, file, fd, event);
    if (!entry)
        return -ENOENT;
    if (operation == CTL_DEL)
        remove_entry(entry);
    else
        set_event(entry, event);
    return 0;
}

/* What came together with the end of the time, or with a signal, counts. */
static long
wait_for_events(struct epoll *epoll, struct epoll_event *out, int most, uint64_t deadline)
{
    int result = 0;

    thread_yield(); /* so that a loop of waits that do not wait stops nobody */
    for (;;) {
        long n = report(epoll, out, most);
        if (n > 0 || result == -ETIMEDOUT)
            return n;
        if (result)
            return result == -SYSCALL_RESTART ? -EINTR : result;
        result = signal_wait_on(&epoll->changed, deadline);
    }
}

SYSCALL(256, epoll_wait, int fd, struct epoll_event *out, int most, int milliseconds)
{
    struct file *set = fd_get(fd);
    struct epoll *epoll = as_epoll(set);
    uint64_t deadline = TIME_NEVER;

    if (!set)
        return -EBADF;
    if (!epoll || most <= 0)
        return -EINVAL;
    if (milliseconds >= 0)
        deadline = clock_now() + (uint64_t)milliseconds * NSEC_PER_MSEC;
    file_hold(set);
    long result = wait_for_events(epoll, out, most, deadline);
    file_release(set);
    return result;
}

/* With the set of signals to block meanwhile, or NULL. */
SYSCALL(319, epoll_pwait, int fd, struct epoll_event *out, int most, int milliseconds,
        const uint32_t *mask)
{
    uint64_t was = signal_mask_begin(mask);

    return signal_mask_end(was, sys_epoll_wait(fd, out, most, milliseconds));
}

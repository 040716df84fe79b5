/*
 * epoll: a list of poll entries that is kept between waits. A wait polls all of them, so it
 * costs what poll costs; a program gains the interface, not the speed. An edge (EPOLLET) is a
 * wake-up of the file's queue: one too many now and then, as on Linux, but never one too few.
 *
 * An epoll descriptor is itself readable when one of its entries is ready. Whoever waits for it
 * waits for the files of all of them (`part`).
 */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "kernel/string.h"
#include "lib/libc/file.h"
#include "lib/libc/part.h"
#include "lib/libc/poll.h"
#include "lib/libc/signal.h"
#include "lib/libc/syscall.h"

PART(epoll);

#define CTL_ADD 1
#define CTL_DEL 2
#define CTL_MOD 3

#define EPOLLONESHOT 0x40000000u
#define EPOLLET      0x80000000u
#define POLL_BITS    0x3fffu /* of an event mask; the rest are modes */
#define FIRST_ROOM   8       /* entries */
#define LEVELS_MOST  5       /* of epoll descriptors in each other, Linux's limit */

/* Linux packs it on this machine's 64-bit brother only, and 4-byte alignment makes it the same
 * here. */
struct epoll_event {
    uint32_t events;
    uint64_t data __attribute__((packed, aligned(4)));
};

struct entry {
    int fd;
    uint32_t opening; /* of fd; another one means that it was closed, and perhaps used anew */
    struct epoll_event event;
    bool spent;    /* one-shot, and it was */
    bool reported; /* edge-triggered, and it was: then the queue had been woken so often */
    uint32_t wakes;
    uint32_t counted; /* how often it had been woken when `edges` was last brought up to date */
};

/* One round's view of the entries. */
struct view {
    struct abi_pollfd *polls;
    uint32_t *told;
    unsigned room;
};

struct epoll {
    struct entry *entries; /* NULL before the first */
    unsigned count, room;
    struct wait_queue changed; /* woken when an entry was */
    uint32_t edges; /* of the entries, those that left included: a sum would forget theirs */
    struct file file;
};

static void
epoll_close(struct file *file)
{
    struct epoll *epoll = file->private;

    kfree(epoll->entries);
    kfree(epoll);
}

/* The descriptor that was added, negative if it was closed: its number may be another file's by
 * now, even that of an epoll descriptor that contains this one. */
static int
descriptor(const struct entry *entry)
{
    return fd_opening(entry->fd) == entry->opening ? entry->fd : -1;
}

/* As poll_files takes it. */
static struct abi_pollfd
as_poll(const struct entry *entry)
{
    unsigned events = entry->event.events & POLL_BITS;

    if (entry->reported)
        events |= POLL_EDGE;
    return (struct abi_pollfd){.fd = entry->spent ? -1 : descriptor(entry),
                               .events = (int16_t)events};
}

static unsigned
epoll_poll(struct file *file)
{
    const struct epoll *epoll = file->private;

    for (unsigned i = 0; i < epoll->count; i++) {
        const struct entry *entry = &epoll->entries[i];
        struct abi_pollfd poll = as_poll(entry);
        uint32_t told = entry->wakes;
        if (poll_one(&poll, &told))
            return FILE_POLLIN;
    }
    return 0;
}

static int
epoll_part(const struct file *file, unsigned i)
{
    const struct epoll *epoll = file->private;

    return i < epoll->count ? descriptor(&epoll->entries[i]) : PART_END;
}

static uint32_t
epoll_wakes(const struct file *file)
{
    struct epoll *epoll = file->private;

    for (unsigned i = 0; i < epoll->count; i++) {
        struct entry *entry = &epoll->entries[i];
        const struct file *part = fd_get(descriptor(entry));
        uint32_t wakes = part ? poll_wakes(part) : entry->counted;
        epoll->edges += wakes != entry->counted;
        entry->counted = wakes;
    }
    return epoll->changed.wakes + epoll->edges;
}

static const struct file_ops operations = {
    .kind = "epoll",
    .poll = epoll_poll,
    .part = epoll_part,
    .wakes = epoll_wakes,
    .close = epoll_close,
};

static struct epoll *
get(long fd)
{
    struct file *file = fd_get((int)fd);

    return file && file->ops == &operations ? file->private : NULL;
}

/* True as well for those that contain themselves. */
static bool
has_more_levels(const struct epoll *epoll, unsigned levels)
{
    if (!epoll || levels == 0)
        return epoll;
    for (unsigned i = 0; i < epoll->count; i++)
        if (has_more_levels(get(descriptor(&epoll->entries[i])), levels - 1))
            return true;
    return false;
}

static bool
nested_too_deep(void)
{
    for (int fd = 0; fd < fd_end(); fd++)
        if (has_more_levels(get(fd), LEVELS_MOST))
            return true;
    return false;
}

/* One more, or NULL without memory. */
static struct entry *
add_entry(struct epoll *epoll)
{
    if (epoll->count == epoll->room) {
        unsigned room = MAX(2 * epoll->room, FIRST_ROOM);
        struct entry *larger = kmalloc(room * sizeof(*larger));
        if (!larger)
            return NULL;
        if (epoll->count)
            memcpy(larger, epoll->entries, epoll->count * sizeof(*larger));
        kfree(epoll->entries);
        epoll->entries = larger;
        epoll->room = room;
    }
    return &epoll->entries[epoll->count++];
}

static void
remove_entry(struct epoll *epoll, struct entry *entry)
{
    *entry = epoll->entries[--epoll->count];
}

/* Descriptors that were closed leave by themselves. */
static void
drop_closed(struct epoll *epoll)
{
    for (unsigned i = epoll->count; i-- > 0;)
        if (descriptor(&epoll->entries[i]) < 0)
            remove_entry(epoll, &epoll->entries[i]);
}

static struct entry *
find(struct epoll *epoll, int fd)
{
    for (unsigned i = 0; i < epoll->count; i++)
        if (epoll->entries[i].fd == fd)
            return &epoll->entries[i];
    return NULL;
}

static long
sys_epoll_create1(SYSCALL_ARGS)
{
    if (a & ~FILE_O_CLOEXEC)
        return -EINVAL;
    struct epoll *epoll = kmalloc(sizeof(*epoll));
    if (!epoll)
        return -ENOMEM;
    wait_queue_init(&epoll->changed);
    epoll->file = (struct file){.ops = &operations,
                                .private = epoll,
                                .refs = 1,
                                .flags = FILE_O_RDWR,
                                .changed = &epoll->changed};
    return fd_install(&epoll->file, 0, a & FILE_O_CLOEXEC);
}
SYSCALL(329, epoll_create1);

/* epoll descriptor, operation, descriptor, event */
static long
sys_epoll_ctl(SYSCALL_ARGS)
{
    struct epoll *epoll = get(a);
    struct file *file = fd_get((int)c);

    if (!file || !fd_get((int)a))
        return -EBADF;
    if (b != CTL_DEL && !file->ops->poll)
        return -EPERM; /* always ready: there is nothing to wait for */
    if (!epoll || file->private == epoll)
        return -EINVAL;
    drop_closed(epoll);
    struct entry *entry = find(epoll, (int)c);
    if (b == CTL_ADD && entry)
        return -EEXIST;
    if (b != CTL_ADD && !entry)
        return -ENOENT;
    if (b == CTL_DEL) {
        remove_entry(epoll, entry);
        return 0;
    }
    if (b == CTL_ADD)
        entry = add_entry(epoll);
    else if (b != CTL_MOD)
        return -EINVAL;
    if (!entry)
        return -ENOMEM;
    *entry = (struct entry){
        .fd = (int)c, .opening = fd_opening((int)c), .event = *(struct epoll_event *)d};
    if (b == CTL_ADD && get(c) && nested_too_deep()) {
        remove_entry(epoll, entry);
        return -ELOOP;
    }
    wake_all(&epoll->changed);
    return 0;
}
SYSCALL(255, epoll_ctl);

/* 0, or -ENOMEM. */
static int
fill_view(const struct epoll *epoll, struct view *view)
{
    if (epoll->count > view->room) {
        kfree(view->polls);
        view->room = 0;
        view->polls = kmalloc(epoll->room * (sizeof(*view->polls) + sizeof(*view->told)));
        if (!view->polls)
            return -ENOMEM;
        view->room = epoll->room;
        view->told = (uint32_t *)&view->polls[view->room];
    }
    for (unsigned i = 0; i < epoll->count; i++) {
        view->polls[i] = as_poll(&epoll->entries[i]);
        view->told[i] = epoll->entries[i].wakes;
    }
    return 0;
}

/* The entry that was number `i` of the view, and still is as a rule. */
static struct entry *
entry_of(struct epoll *epoll, const struct view *view, unsigned i)
{
    int fd = view->polls[i].fd;

    if (i < epoll->count && epoll->entries[i].fd == fd)
        return &epoll->entries[i];
    return find(epoll, fd);
}

static long
report(struct epoll *epoll, const struct view *view, unsigned count, struct epoll_event *out,
       long most)
{
    long n = 0;

    for (unsigned i = 0; i < count && n < most; i++) {
        const struct abi_pollfd *poll = &view->polls[i];
        struct entry *entry = poll->revents ? entry_of(epoll, view, i) : NULL;
        if (!entry || poll->revents & FILE_POLLNVAL)
            continue;
        out[n].events = (uint16_t)poll->revents;
        out[n++].data = entry->event.data;
        entry->spent = entry->event.events & EPOLLONESHOT;
        entry->reported = entry->event.events & EPOLLET;
        entry->wakes = view->told[i];
    }
    return n;
}

/* A round ends early when an entry was added or changed by another thread. */
static long
wait_rounds(struct epoll *epoll, struct view *view, struct epoll_event *out, long most,
            uint64_t deadline)
{
    for (;;) {
        drop_closed(epoll);
        int result = fill_view(epoll, view);
        if (result)
            return result;
        unsigned count = epoll->count;
        result = poll_files(view->polls, view->told, count, deadline, &epoll->changed);
        if (result < 0)
            return result == -SYSCALL_RESTART ? -EINTR : result;
        long n = result ? report(epoll, view, count, out, most) : 0;
        if (n > 0 || clock_now() >= deadline)
            return n;
    }
}

/* epoll descriptor, events, how many, milliseconds */
static long
sys_epoll_wait(SYSCALL_ARGS)
{
    struct epoll *epoll = get(a);
    uint64_t deadline = TIME_NEVER;

    if (!fd_get((int)a))
        return -EBADF;
    if (!epoll || c <= 0)
        return -EINVAL;
    if (d >= 0)
        deadline = clock_now() + (uint64_t)d * NSEC_PER_MSEC;
    struct view view = {0};
    file_hold(&epoll->file);
    long result = wait_rounds(epoll, &view, (struct epoll_event *)b, c, deadline);
    file_release(&epoll->file);
    kfree(view.polls);
    return result;
}
SYSCALL(256, epoll_wait);

/* With the set of signals to block meanwhile, or NULL. */
static long
sys_epoll_pwait(SYSCALL_ARGS)
{
    uint64_t was = signal_mask_begin((const uint32_t *)e);

    return signal_mask_end(was, sys_epoll_wait(a, b, c, d, 0, 0));
}
SYSCALL(319, epoll_pwait);

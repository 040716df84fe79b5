/*
 * Waiting for several files at once. A file says what is ready and has a queue that is woken
 * when that may have changed; so a wait is to join the queues of all, look, and sleep if there
 * was nothing. Joining comes first, so nothing can happen between the look and the sleep.
 *
 * These calls never start again after a signal's handler (signal(7)): they return -EINTR.
 */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "kernel/string.h"
#include "lib/libc/clock.h"
#include "lib/libc/file.h"
#include "lib/libc/part.h"
#include "lib/libc/signal.h"
#include "lib/libc/syscall.h"

PART(poll);

/* One file while a round lasts. It is held: another thread may close it meanwhile. */
struct watched {
    struct file *file;
    struct waiter waiter;
};

static void
watch(struct watched *w, struct file *file)
{
    list_init(&w->waiter.link);
    w->file = file;
    file_hold(file);
    if (file->changed)
        wait_join(file->changed, &w->waiter);
}

static void
unwatch(struct watched *w)
{
    wait_leave(&w->waiter);
    file_release(w->file);
}

static unsigned
look_at(const struct abi_pollfd *entry)
{
    struct file *file = fd_get(entry->fd);

    if (entry->fd < 0)
        return 0;
    if (!file)
        return FILE_POLLNVAL;
    return file_poll(file) & ((uint16_t)entry->events | FILE_POLLERR | FILE_POLLHUP);
}

static int
look(struct abi_pollfd *entries, unsigned count)
{
    int ready = 0;

    for (unsigned i = 0; i < count; i++) {
        entries[i].revents = (int16_t)look_at(&entries[i]);
        ready += entries[i].revents != 0;
    }
    return ready;
}

/* One round: 0 when something changed, or as poll_files. */
static int
wait_for(struct abi_pollfd *entries, unsigned count, uint64_t deadline)
{
    struct watched few[8], *watched = few, *end;
    int result = 0;

    if (count > ARRAY_SIZE(few))
        watched = kmalloc(count * sizeof(*watched));
    if (!watched)
        return -ENOMEM;
    end = watched;
    for (unsigned i = 0; i < count; i++)
        if (fd_get(entries[i].fd))
            watch(end++, fd_get(entries[i].fd));
    int ready = look(entries, count);
    if (ready == 0)
        result = signal_wait_sleep(deadline);
    while (end > watched)
        unwatch(--end);
    if (watched != few)
        kfree(watched);
    return ready ? ready : result;
}

/*
 * Fill in `revents` and return how many entries have any, at once if there are some, else
 * when there are, or 0 after `deadline`. A negative fd is passed over, one that is not open
 * gives POLLNVAL. -SYSCALL_RESTART when a signal came first, -ENOMEM. Known point.
 */
static int
poll_files(struct abi_pollfd *entries, unsigned count, uint64_t deadline)
{
    int result;

    thread_yield(); /* so that a loop of polls that do not wait stops nobody */
    do
        result = wait_for(entries, count, deadline);
    while (result == 0);
    if (result == -ETIMEDOUT) /* what came together with the end of the time counts */
        result = look(entries, count);
    return result;
}

static long
not_again(int result)
{
    return result == -SYSCALL_RESTART ? -EINTR : result;
}

/* ---- poll ---- */

static long
poll_entries(struct abi_pollfd *entries, unsigned count, uint64_t deadline)
{
    if (count > fd_limits().soft)
        return -EINVAL;
    return not_again(poll_files(entries, count, deadline));
}

SYSCALL(168, poll, struct abi_pollfd *entries, unsigned count, int milliseconds)
{
    uint64_t deadline = TIME_NEVER;

    if (milliseconds >= 0)
        deadline = clock_now() + (uint64_t)milliseconds * NSEC_PER_MSEC;
    return poll_entries(entries, count, deadline);
}

/* `mask` is the set of signals to block meanwhile, or NULL. */
static long
ppoll(struct abi_pollfd *entries, unsigned count, uint64_t deadline, const uint32_t *mask)
{
    uint64_t was = signal_mask_begin(mask);

    return signal_mask_end(was, poll_entries(entries, count, deadline));
}

SYSCALL(309, ppoll, struct abi_pollfd *entries, unsigned count,
        const struct abi_timespec32 *span, const uint32_t *mask)
{
    uint64_t deadline;
    int error = clock_deadline32(span, &deadline);

    return error ? error : ppoll(entries, count, deadline, mask);
}

SYSCALL(414, ppoll_time64, struct abi_pollfd *entries, unsigned count,
        const struct abi_timespec64 *span, const uint32_t *mask)
{
    uint64_t deadline;
    int error = clock_deadline64(span, &deadline);

    return error ? error : ppoll(entries, count, deadline, mask);
}

/* ---- select ---- */

#define SETS 3 /* to read, to write, exceptions */

static const uint16_t asked[SETS] = {FILE_POLLIN, FILE_POLLOUT, FILE_POLLPRI};
/* select(2): what makes a descriptor a member of each result. */
static const uint16_t answers[SETS] = {FILE_POLLIN | FILE_POLLHUP | FILE_POLLERR,
                                       FILE_POLLOUT | FILE_POLLERR, FILE_POLLPRI};

static bool
is_member(const uint32_t *set, int fd)
{
    return set && set[fd / 32] & 1u << fd % 32;
}

/* One poll entry for each descriptor below n; -EBADF if a member is not open. */
static int
sets_to_entries(uint32_t *const *sets, int n, struct abi_pollfd *entries)
{
    for (int fd = 0; fd < n; fd++) {
        entries[fd].fd = -1;
        for (int i = 0; i < SETS; i++)
            if (is_member(sets[i], fd))
                entries[fd].events |= (int16_t)asked[i];
        if (!entries[fd].events)
            continue;
        if (!fd_get(fd))
            return -EBADF;
        entries[fd].fd = fd;
    }
    return 0;
}

static int
entries_to_sets(const struct abi_pollfd *entries, int n, uint32_t *const *sets)
{
    int members = 0;

    for (int i = 0; i < SETS; i++)
        for (int fd = 0; sets[i] && fd < n; fd++) {
            bool in = is_member(sets[i], fd) && entries[fd].revents & answers[i];
            if (!in)
                sets[i][fd / 32] &= ~(1u << fd % 32);
            members += in;
        }
    return members;
}

static long
select_files(int n, uint32_t *const *sets, uint64_t deadline)
{
    if (n < 0)
        return -EINVAL;
    n = MIN(n, fd_end());
    struct abi_pollfd *entries = kmalloc((size_t)MAX(n, 1) * sizeof(*entries));
    if (!entries)
        return -ENOMEM;
    int result = sets_to_entries(sets, n, entries);
    if (!result)
        result = poll_files(entries, (unsigned)n, deadline);
    if (result >= 0)
        result = entries_to_sets(entries, n, sets);
    kfree(entries);
    return not_again(result);
}

SYSCALL(142, _newselect, int n, uint32_t *in, uint32_t *out, uint32_t *except,
        const struct abi_timeval32 *span)
{
    uint32_t *const sets[SETS] = {in, out, except};
    uint64_t deadline = TIME_NEVER;

    if (span && (span->usec < 0 || span->usec >= 1000000))
        return -EINVAL;
    int error = span ? clock_deadline(span->sec, span->usec * 1000, &deadline) : 0;
    return error ? error : select_files(n, sets, deadline);
}

/* The sixth argument points to the signal set and its size. */
static long
pselect(int n, uint32_t *const *sets, const uint32_t *const *mask, uint64_t deadline)
{
    uint64_t was = signal_mask_begin(mask ? *mask : NULL);

    return signal_mask_end(was, select_files(n, sets, deadline));
}

SYSCALL(308, pselect6, int n, uint32_t *in, uint32_t *out, uint32_t *except,
        const struct abi_timespec32 *span, const uint32_t *const *mask)
{
    uint32_t *const sets[SETS] = {in, out, except};
    uint64_t deadline;
    int error = clock_deadline32(span, &deadline);

    return error ? error : pselect(n, sets, mask, deadline);
}

SYSCALL(413, pselect6_time64, int n, uint32_t *in, uint32_t *out, uint32_t *except,
        const struct abi_timespec64 *span, const uint32_t *const *mask)
{
    uint32_t *const sets[SETS] = {in, out, except};
    uint64_t deadline;
    int error = clock_deadline64(span, &deadline);

    return error ? error : pselect(n, sets, mask, deadline);
}

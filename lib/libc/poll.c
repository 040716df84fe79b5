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
#include "lib/libc/poll.h"
#include "lib/libc/signal.h"
#include "lib/libc/syscall.h"

PART(poll);

/* One file while a round lasts. It is held: another thread may close it meanwhile. */
struct watched {
    struct file *file;
    struct waiter waiter;
};

/* How many a file takes: itself, and the files that it is made of. */
static unsigned
weight(const struct file *file)
{
    unsigned sum = 1;
    int fd;

    if (!file)
        return 0;
    for (unsigned i = 0; file->ops->part && (fd = file->ops->part(file, i)) != PART_END; i++)
        sum += weight(fd_get(fd));
    return sum;
}

/* Returns the place behind what was filled in. */
static struct watched *
watch(struct watched *w, struct file *file)
{
    int fd;

    if (!file)
        return w;
    list_init(&w->waiter.link);
    w->file = file;
    file_hold(file);
    if (file->changed)
        wait_join(file->changed, &w->waiter);
    w++;
    for (unsigned i = 0; file->ops->part && (fd = file->ops->part(file, i)) != PART_END; i++)
        w = watch(w, fd_get(fd));
    return w;
}

static void
unwatch(struct watched *w)
{
    wait_leave(&w->waiter);
    file_release(w->file);
}

uint32_t
poll_wakes(const struct file *file)
{
    if (file->ops->wakes)
        return file->ops->wakes(file);
    return file->changed ? file->changed->wakes : 0;
}

/* A file without a queue never changes, so it has no second edge. */
unsigned
poll_one(const struct abi_pollfd *entry, uint32_t *told)
{
    struct file *file = fd_get(entry->fd);
    unsigned wanted = (uint16_t)entry->events;

    if (entry->fd < 0)
        return 0;
    if (!file)
        return FILE_POLLNVAL;
    if (told) {
        uint32_t wakes = poll_wakes(file);
        if ((wanted & POLL_EDGE) && (!file->changed || wakes == *told))
            return 0;
        *told = wakes;
    }
    return file_poll(file) & (wanted | FILE_POLLERR | FILE_POLLHUP);
}

static int
look(struct abi_pollfd *entries, uint32_t *told, unsigned count)
{
    int ready = 0;

    for (unsigned i = 0; i < count; i++) {
        entries[i].revents = (int16_t)poll_one(&entries[i], told ? &told[i] : NULL);
        ready += entries[i].revents != 0;
    }
    return ready;
}

/* One round: 0 when something changed, or as poll_files. */
static int
wait_for(struct abi_pollfd *entries, uint32_t *told, unsigned count, uint64_t deadline,
         struct wait_queue *also)
{
    struct watched few[8], *watched = few, *end;
    struct waiter extra;
    unsigned sum = 0;
    int result = 0;

    for (unsigned i = 0; i < count; i++)
        sum += weight(fd_get(entries[i].fd));
    if (sum > ARRAY_SIZE(few))
        watched = kmalloc(sum * sizeof(*watched));
    if (!watched)
        return -ENOMEM;
    end = watched;
    for (unsigned i = 0; i < count; i++)
        end = watch(end, fd_get(entries[i].fd));
    if (also)
        wait_join(also, &extra);
    int ready = look(entries, told, count);
    if (ready == 0)
        result = signal_wait_sleep(deadline);
    while (end > watched)
        unwatch(--end);
    if (also)
        wait_leave(&extra);
    if (watched != few)
        kfree(watched);
    return ready ? ready : result;
}

int
poll_files(struct abi_pollfd *entries, uint32_t *told, unsigned count, uint64_t deadline,
           struct wait_queue *also)
{
    int result = 0;

    thread_yield(); /* so that a loop of polls that do not wait stops nobody */
    do {
        result = wait_for(entries, told, count, deadline, also);
        if (result == 0 && also)
            break;
    } while (result == 0);
    if (result == -ETIMEDOUT) /* what came together with the end of the time counts */
        result = look(entries, told, count);
    return result;
}

static long
not_again(int result)
{
    return result == -SYSCALL_RESTART ? -EINTR : result;
}

/* ---- poll ---- */

static long
poll_entries(long entries, unsigned long count, uint64_t deadline)
{
    if (count > fd_limits().soft)
        return -EINVAL;
    return not_again(
        poll_files((struct abi_pollfd *)entries, NULL, (unsigned)count, deadline, NULL));
}

static long
sys_poll(SYSCALL_ARGS)
{
    uint64_t deadline = TIME_NEVER;

    if (c >= 0)
        deadline = clock_now() + (uint64_t)c * NSEC_PER_MSEC;
    return poll_entries(a, (unsigned long)b, deadline);
}
SYSCALL(168, poll);

/* `mask` is the set of signals to block meanwhile, or NULL. */
static long
ppoll(long entries, long count, uint64_t deadline, const uint32_t *mask)
{
    uint64_t was = signal_mask_begin(mask);

    return signal_mask_end(was, poll_entries(entries, (unsigned long)count, deadline));
}

static long
sys_ppoll(SYSCALL_ARGS)
{
    uint64_t deadline;
    int error = clock_deadline32((const struct abi_timespec32 *)c, &deadline);

    return error ? error : ppoll(a, b, deadline, (const uint32_t *)d);
}
SYSCALL(309, ppoll);

static long
sys_ppoll_time64(SYSCALL_ARGS)
{
    uint64_t deadline;
    int error = clock_deadline64((const struct abi_timespec64 *)c, &deadline);

    return error ? error : ppoll(a, b, deadline, (const uint32_t *)d);
}
SYSCALL(414, ppoll_time64);

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
select_files(long n, uint32_t *const *sets, uint64_t deadline)
{
    if (n < 0)
        return -EINVAL;
    n = MIN(n, fd_end());
    struct abi_pollfd *entries = kmalloc((size_t)MAX(n, 1) * sizeof(*entries));
    if (!entries)
        return -ENOMEM;
    int result = sets_to_entries(sets, (int)n, entries);
    if (!result)
        result = poll_files(entries, NULL, (unsigned)n, deadline, NULL);
    if (result >= 0)
        result = entries_to_sets(entries, (int)n, sets);
    kfree(entries);
    return not_again(result);
}

static long
sys__newselect(SYSCALL_ARGS)
{
    uint32_t *const sets[SETS] = {(uint32_t *)b, (uint32_t *)c, (uint32_t *)d};
    const struct abi_timeval32 *span = (const struct abi_timeval32 *)e;
    uint64_t deadline = TIME_NEVER;

    if (span && (span->usec < 0 || span->usec >= 1000000))
        return -EINVAL;
    int error = span ? clock_deadline(span->sec, span->usec * 1000, &deadline) : 0;
    return error ? error : select_files(a, sets, deadline);
}
SYSCALL(142, _newselect);

/* The sixth argument points to the signal set and its size. */
static long
pselect(long n, uint32_t *const *sets, const uint32_t *const *mask, uint64_t deadline)
{
    uint64_t was = signal_mask_begin(mask ? *mask : NULL);

    return signal_mask_end(was, select_files(n, sets, deadline));
}

static long
sys_pselect6(SYSCALL_ARGS)
{
    uint32_t *const sets[SETS] = {(uint32_t *)b, (uint32_t *)c, (uint32_t *)d};
    uint64_t deadline;
    int error = clock_deadline32((const struct abi_timespec32 *)e, &deadline);

    return error ? error : pselect(a, sets, (const uint32_t *const *)f, deadline);
}
SYSCALL(308, pselect6);

static long
sys_pselect6_time64(SYSCALL_ARGS)
{
    uint32_t *const sets[SETS] = {(uint32_t *)b, (uint32_t *)c, (uint32_t *)d};
    uint64_t deadline;
    int error = clock_deadline64((const struct abi_timespec64 *)e, &deadline);

    return error ? error : pselect(a, sets, (const uint32_t *const *)f, deadline);
}
SYSCALL(413, pselect6_time64);

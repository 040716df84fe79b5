/*
 * Locks on files: flock, and those of fcntl on ranges of bytes. There is one process, whose own
 * locks (F_SETLK) never stand in its way and are therefore not kept; those that belong to an open
 * file (flock, F_OFD_SETLK) do, between two that opened the same one. They go when the last
 * descriptor of their file does.
 */
#include "kernel/kernel.h"
#include "kernel/list.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "lib/libc/abi.h"
#include "lib/libc/locks.h"
#include "lib/libc/part.h"
#include "lib/libc/signal.h"
#include "lib/libc/syscall.h"

PART(locks);
static const void *const linked_with[] __attribute__((used, section(".discard.uses"))) = {
    file_forget_linked,
};

#define TO_THE_END INT64_MAX

/* Linux's for i386 (struct flock64). */
struct flock64 {
    int16_t type, whence;
    int64_t start __attribute__((packed, aligned(4)));
    int64_t len __attribute__((packed, aligned(4)));
    int32_t pid;
};

struct lock {
    struct list link;
    const struct file *owner; /* NULL: the process, in what is asked for and never kept */
    uint32_t device;
    uint64_t inode;
    bool whole; /* flock's, which know nothing of the others */
    bool exclusive;
    int64_t first, last; /* bytes */
};

static struct list locks = LIST_INIT(locks); /* by rising first byte, as F_GETLK tells them */
static struct wait_queue unlocked = WAIT_QUEUE_INIT(unlocked);

/* ---- which are in the way ---- */

static bool
is_same_kind(const struct lock *a, const struct lock *b)
{
    return a->device == b->device && a->inode == b->inode && a->whole == b->whole;
}

/* The lock that keeps this one from being had, or NULL. */
static const struct lock *
in_the_way(const struct lock *wanted)
{
    list_foreach(e, &locks)
    {
        const struct lock *lock = container_of(e, struct lock, link);
        if (is_same_kind(lock, wanted) && lock->owner != wanted->owner &&
            (lock->exclusive || wanted->exclusive) && lock->first <= wanted->last &&
            wanted->first <= lock->last)
            return lock;
    }
    return NULL;
}

static int
wait_for(const struct lock *wanted, bool wait)
{
    while (in_the_way(wanted)) {
        int error = wait ? signal_wait_on(&unlocked, TIME_NEVER) : -EAGAIN;
        if (error)
            return error;
    }
    return 0;
}

/* ---- having and leaving them ---- */

/* Take a range out of one lock of the same owner; `spare` becomes what is left behind it. */
static void
cut(struct lock *lock, const struct lock *range, struct lock **spare)
{
    bool before = lock->first<range->first, behind = lock->last> range->last;

    if (before && behind) {
        **spare = *lock;
        (*spare)->first = range->last + 1;
        list_insert_before(lock->link.next, &(*spare)->link);
        *spare = NULL;
    }
    if (before)
        lock->last = range->first - 1;
    else if (behind)
        lock->first = range->last + 1;
    if (before || behind)
        return;
    list_remove(&lock->link);
    kfree(lock);
}

/* Take in a lock of the same owner and sort that overlaps or follows at once. */
static void
join(struct lock *new)
{
    for (struct list *e = locks.next, *next; e != &locks; e = next) {
        struct lock *lock = container_of(e, struct lock, link);
        next = e->next;
        bool near = (new->first == 0 || lock->last >= new->first - 1) &&
                    (new->last == TO_THE_END || lock->first <= new->last + 1);
        if (!is_same_kind(lock, new) || lock->owner != new->owner ||
            lock->exclusive != new->exclusive || !near)
            continue;
        new->first = MIN(new->first, lock->first);
        new->last = MAX(new->last, lock->last);
        list_remove(e);
        kfree(lock);
    }
    struct list *at = locks.next;
    while (at != &locks && container_of(at, struct lock, link)->first < new->first)
        at = at->next;
    list_insert_before(at, &new->link);
}

/* The owner's range becomes this lock, or (`none`) nothing. -ENOMEM: it is what it was. */
static int
put(const struct lock *range, bool none)
{
    struct lock *new = kmalloc(sizeof(*new)), *spare = kmalloc(sizeof(*spare));

    if (!new || !spare) {
        kfree(new);
        kfree(spare);
        return -ENOMEM;
    }
    for (struct list *e = locks.next, *next; e != &locks; e = next) {
        struct lock *lock = container_of(e, struct lock, link);
        next = e->next;
        if (is_same_kind(lock, range) && lock->owner == range->owner &&
            lock->first <= range->last && range->first <= lock->last)
            cut(lock, range, &spare);
    }
    kfree(spare);
    *new = *range;
    if (none)
        kfree(new);
    else
        join(new);
    wake_all(&unlocked);
    return 0;
}

void
locks_forget(struct file *file)
{
    for (struct list *e = locks.next, *next; e != &locks; e = next) {
        struct lock *lock = container_of(e, struct lock, link);
        next = e->next;
        if (lock->owner != file)
            continue;
        list_remove(e);
        kfree(lock);
    }
    wake_all(&unlocked);
}

/* ---- what is asked for ---- */

/* Which file it is; one that no file system has is only itself. */
static int
identify(struct file *file, struct lock *out)
{
    struct file_stat st = {0};
    int error = file->ops->stat ? file->ops->stat(file, &st) : 0;

    out->device = st.device;
    out->inode = st.device ? st.inode : (uintptr_t)file;
    return error;
}

static int
take_range(struct file *file, const struct flock64 *from, struct lock *out)
{
    struct file_stat st = {0};
    int64_t start = 0, end;

    if (from->whence == ABI_SEEK_CUR)
        start = (int64_t)file->position;
    else if (from->whence == ABI_SEEK_END && file->ops->stat && file->ops->stat(file, &st) == 0)
        start = (int64_t)st.size;
    else if (from->whence != ABI_SEEK_SET)
        return -EINVAL;
    if (__builtin_add_overflow(start, from->start, &start) ||
        __builtin_add_overflow(start, from->len, &end))
        return -EOVERFLOW;
    out->first = from->len < 0 ? end : start;
    out->last = from->len > 0 ? end - 1 : from->len < 0 ? start - 1 : TO_THE_END;
    return start < 0 || out->first < 0 ? -EINVAL : 0;
}

static long
ask(const struct lock *wanted, struct flock64 *to)
{
    const struct lock *found = in_the_way(wanted);

    if (!found) {
        to->type = ABI_F_UNLCK;
        return 0;
    }
    *to = (struct flock64){
        .type = found->exclusive ? ABI_F_WRLCK : ABI_F_RDLCK,
        .start = found->first,
        .len = found->last == TO_THE_END ? 0 : found->last - found->first + 1,
        .pid = -1, /* not a process's */
    };
    return 0;
}

/* Locks for writing are had by those who may write, and so on. */
static int
is_allowed(const struct file *file, int type)
{
    unsigned mode = file->flags & FILE_O_ACCMODE;

    if (type == ABI_F_RDLCK && mode == FILE_O_WRONLY)
        return -EBADF;
    return type == ABI_F_WRLCK && mode == FILE_O_RDONLY ? -EBADF : 0;
}

static long
set(struct file *file, struct lock *wanted, int type, bool wait)
{
    int error = is_allowed(file, type);

    if (!error && type != ABI_F_UNLCK)
        error = wait_for(wanted, wait);
    if (error || !wanted->owner)
        return error;
    if (!file->watched.next)
        list_init(&file->watched); /* so that locks_forget is called */
    return put(wanted, type == ABI_F_UNLCK);
}

long
locks_control(struct file *file, int command, void *argument)
{
    struct flock64 *request = argument;
    bool of_file = command >= ABI_F_OFD_GETLK;
    bool asks = command == ABI_F_GETLK64 || command == ABI_F_OFD_GETLK;
    struct lock wanted = {.owner = of_file ? file : NULL,
                          .exclusive = request->type == ABI_F_WRLCK};

    if (file->flags & FILE_O_PATH)
        return -EBADF;
    if (request->type < ABI_F_RDLCK || request->type > ABI_F_UNLCK ||
        (asks && request->type == ABI_F_UNLCK) || (of_file && request->pid != 0))
        return -EINVAL;
    int error = take_range(file, request, &wanted);
    if (!error)
        error = identify(file, &wanted);
    if (error)
        return error;
    if (asks)
        return ask(&wanted, request);
    file_hold(file);
    bool wait = command == ABI_F_SETLKW64 || command == ABI_F_OFD_SETLKW;
    long result = set(file, &wanted, request->type, wait);
    file_release(file);
    return result;
}

SYSCALL(143, flock, int fd, int operation)
{
    struct file *file = fd_get(fd);
    int kind = operation & ~ABI_LOCK_NB;
    struct lock wanted = {
        .owner = file, .whole = true, .exclusive = kind == ABI_LOCK_EX, .last = TO_THE_END};

    if (kind != ABI_LOCK_SH && kind != ABI_LOCK_EX && kind != ABI_LOCK_UN)
        return -EINVAL;
    if (!file || (file->flags & FILE_O_PATH))
        return -EBADF;
    int error = identify(file, &wanted);
    if (error)
        return error;
    file_hold(file);
    if (!file->watched.next)
        list_init(&file->watched);
    /* A lock that is changed is given up first, and may be lost to somebody who waits. */
    error = kind != ABI_LOCK_UN && in_the_way(&wanted) ? put(&wanted, true) : 0;
    if (!error && kind != ABI_LOCK_UN)
        error = wait_for(&wanted, !(operation & ABI_LOCK_NB));
    if (!error)
        error = put(&wanted, kind == ABI_LOCK_UN);
    file_release(file);
    return error;
}

/*
 * The table of descriptors, which gives open files their numbers. It has room for a few at first
 * and doubles when a number beyond it is given out, up to the limit that the program can set
 * (RLIMIT_NOFILE). When there is no memory to grow, everything stays as it was.
 */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/string.h"
#include "lib/libc/file.h"

#define FIRST_ROOM 64 /* a power of two, as FD_HARD_LIMIT is */

struct descriptor {
    struct file *file;
    bool close_on_exec; /* kept for F_GETFD; nothing here ever executes */
};

static struct descriptor first[FIRST_ROOM], *table = first;
static int room = FIRST_ROOM;
static int full_below; /* no descriptor below it is free */
static struct fd_limits limits = {FD_SOFT_LIMIT, FD_HARD_LIMIT};

struct fd_limits
fd_limits(void)
{
    return limits;
}

int
fd_set_limits(struct fd_limits new)
{
    if (new.soft > new.hard)
        return -EINVAL;
    if (new.hard > FD_HARD_LIMIT)
        return -EPERM;
    limits = new;
    return 0;
}

int
fd_end(void)
{
    return room;
}

struct file *
fd_get(int fd)
{
    return fd >= 0 && fd < room ? table[fd].file : NULL;
}

bool *
fd_close_on_exec(int fd)
{
    return fd_get(fd) ? &table[fd].close_on_exec : NULL;
}

/* Have a place for this one. */
static int
make_room(int fd)
{
    int wanted = room;

    while (wanted <= fd)
        wanted *= 2;
    if (wanted == room)
        return 0;
    struct descriptor *larger = kmalloc((size_t)wanted * sizeof(*larger));
    if (!larger)
        return -ENOMEM;
    memcpy(larger, table, (size_t)room * sizeof(*larger));
    if (table != first)
        kfree(table);
    table = larger;
    room = wanted;
    return 0;
}

static void
set(int fd, struct file *file, bool close_on_exec)
{
    table[fd] = (struct descriptor){file, close_on_exec};
}

int
fd_next(int least)
{
    int fd = MAX(least, full_below);

    while (fd_get(fd))
        fd++;
    if (least <= full_below)
        full_below = fd;
    if ((uint64_t)fd >= limits.soft)
        return -EMFILE;
    int error = make_room(fd);
    return error ? error : fd;
}

int
fd_install(struct file *file, int least, bool close_on_exec)
{
    int fd = fd_next(least);

    if (fd < 0)
        file_release(file);
    else
        set(fd, file, close_on_exec);
    return fd;
}

/* Whoever polls what was behind a descriptor finds that it is gone. */
static void
let_go(struct file *old)
{
    if (old->changed)
        wake_all(old->changed);
    file_release(old);
}

int
fd_replace(int fd, struct file *file, bool close_on_exec)
{
    int error = fd < 0 || (uint64_t)fd >= limits.soft ? -EBADF : make_room(fd);

    if (error) {
        file_release(file);
        return error;
    }
    struct file *old = table[fd].file;
    set(fd, file, close_on_exec);
    if (old)
        let_go(old);
    return fd;
}

int
fd_close(int fd)
{
    struct file *old = fd_get(fd);

    if (!old)
        return -EBADF;
    set(fd, NULL, false);
    full_below = MIN(full_below, fd);
    let_go(old);
    return 0;
}

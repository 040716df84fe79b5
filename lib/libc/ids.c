/*
 * Users and groups, as Linux keeps them for a process: who it is, whom it acts as, who it can go back
 * to being. It begins as root. Nothing in this system asks, since there is one program and what it
 * can reach is all its own; but a program that gives up its rights finds that it cannot have them
 * back, and the files that it makes belong to whom it acts as.
 *
 * The C library makes each of these calls once for every thread; made again, each one succeeds and
 * changes nothing more.
 */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/string.h"
#include "lib/libc/ids.h"
#include "lib/libc/part.h"
#include "lib/libc/syscall.h"

PART(ids);

#define GROUPS_MAX 65536
#define UNCHANGED  UINT32_MAX

struct ids {
    uint32_t real, effective, saved, of_files;
};

static struct ids users, groups; /* root */
static uint32_t *more_groups;
static int nr_more_groups;

void
ids_of_files(uint32_t *uid, uint32_t *gid)
{
    *uid = users.of_files;
    *gid = groups.of_files;
}

bool
ids_may_all(void)
{
    return users.effective == 0;
}

/* Who has no rights can only change between those that it is already. */
static bool
may_be(const struct ids *ids, uint32_t id)
{
    return id == UNCHANGED || ids_may_all() || id == ids->real || id == ids->effective ||
           id == ids->saved;
}

static long
set_one(struct ids *ids, uint32_t id)
{
    if (id == UNCHANGED)
        return -EINVAL;
    if (ids_may_all())
        *ids = (struct ids){id, id, id, id};
    else if (id == ids->real || id == ids->saved)
        ids->effective = ids->of_files = id;
    else
        return -EPERM;
    return 0;
}

static void
change(struct ids *ids, uint32_t real, uint32_t effective, uint32_t saved)
{
    if (real != UNCHANGED)
        ids->real = real;
    if (effective != UNCHANGED)
        ids->effective = effective;
    if (saved != UNCHANGED)
        ids->saved = saved;
    ids->of_files = ids->effective;
}

/* setreuid(2): the real one can become the effective one, and the saved one follows. */
static long
set_two(struct ids *ids, uint32_t real, uint32_t effective)
{
    bool real_fits =
        real == UNCHANGED || ids_may_all() || real == ids->real || real == ids->effective;
    bool follows = real != UNCHANGED || (effective != UNCHANGED && effective != ids->real);

    if (!real_fits || !may_be(ids, effective))
        return -EPERM;
    change(ids, real, effective, UNCHANGED);
    if (follows)
        ids->saved = ids->effective;
    return 0;
}

static long
set_three(struct ids *ids, uint32_t real, uint32_t effective, uint32_t saved)
{
    if (!may_be(ids, real) || !may_be(ids, effective) || !may_be(ids, saved))
        return -EPERM;
    change(ids, real, effective, saved);
    return 0;
}

static long
get_three(const struct ids *ids, uint32_t *real, uint32_t *effective, uint32_t *saved)
{
    *real = ids->real;
    *effective = ids->effective;
    *saved = ids->saved;
    return 0;
}

/* Returns what it was, whether or not it changed. */
static long
set_of_files(struct ids *ids, uint32_t id)
{
    uint32_t was = ids->of_files;

    if (id != UNCHANGED && (may_be(ids, id) || id == was))
        ids->of_files = id;
    return (long)was;
}

/* ---- users ---- */

SYSCALL_ASKS(199, getuid32, void)
{
    return (long)users.real;
}

SYSCALL_ASKS(201, geteuid32, void)
{
    return (long)users.effective;
}

SYSCALL(209, getresuid32, uint32_t *real, uint32_t *effective, uint32_t *saved)
{
    return get_three(&users, real, effective, saved);
}

SYSCALL(213, setuid32, uint32_t id)
{
    return set_one(&users, id);
}

SYSCALL(203, setreuid32, uint32_t real, uint32_t effective)
{
    return set_two(&users, real, effective);
}

SYSCALL(208, setresuid32, uint32_t real, uint32_t effective, uint32_t saved)
{
    return set_three(&users, real, effective, saved);
}

SYSCALL(215, setfsuid32, uint32_t id)
{
    return set_of_files(&users, id);
}

/* ---- groups ---- */

SYSCALL_ASKS(200, getgid32, void)
{
    return (long)groups.real;
}

SYSCALL_ASKS(202, getegid32, void)
{
    return (long)groups.effective;
}

SYSCALL(211, getresgid32, uint32_t *real, uint32_t *effective, uint32_t *saved)
{
    return get_three(&groups, real, effective, saved);
}

SYSCALL(214, setgid32, uint32_t id)
{
    return set_one(&groups, id);
}

SYSCALL(204, setregid32, uint32_t real, uint32_t effective)
{
    return set_two(&groups, real, effective);
}

SYSCALL(210, setresgid32, uint32_t real, uint32_t effective, uint32_t saved)
{
    return set_three(&groups, real, effective, saved);
}

SYSCALL(216, setfsgid32, uint32_t id)
{
    return set_of_files(&groups, id);
}

SYSCALL_ASKS(205, getgroups32, int size, uint32_t *list)
{
    if (size < 0 || (size > 0 && size < nr_more_groups))
        return -EINVAL;
    if (size > 0 && nr_more_groups > 0)
        memcpy(list, more_groups, (size_t)nr_more_groups * sizeof(*list));
    return nr_more_groups;
}

SYSCALL(206, setgroups32, int size, const uint32_t *list)
{
    uint32_t *copy = NULL;

    if (!ids_may_all())
        return -EPERM;
    if (size < 0 || size > GROUPS_MAX)
        return -EINVAL;
    if (size > 0) {
        copy = kmalloc((size_t)size * sizeof(*copy));
        if (!copy)
            return -ENOMEM;
        memcpy(copy, list, (size_t)size * sizeof(*copy));
    }
    kfree(more_groups);
    more_groups = copy;
    nr_more_groups = size;
    return 0;
}

/*
 * prctl: the names of threads, and what programs set about themselves without anything here that
 * would look at it: such a setting is checked as Linux does, kept and told again.
 */
#include "kernel/kernel.h"
#include "kernel/string.h"
#include "kernel/thread.h"
#include "lib/libc/abi.h"
#include "lib/libc/part.h"
#include "lib/libc/syscall.h"

PART(prctl);

#define PR_SET_PDEATHSIG       1
#define PR_GET_PDEATHSIG       2
#define PR_GET_DUMPABLE        3
#define PR_SET_DUMPABLE        4
#define PR_GET_KEEPCAPS        7
#define PR_SET_KEEPCAPS        8
#define PR_SET_NAME            15
#define PR_GET_NAME            16
#define PR_SET_TIMERSLACK      29
#define PR_GET_TIMERSLACK      30
#define PR_SET_CHILD_SUBREAPER 36
#define PR_GET_CHILD_SUBREAPER 37
#define PR_SET_NO_NEW_PRIVS    38
#define PR_GET_NO_NEW_PRIVS    39
#define PR_SET_THP_DISABLE     41
#define PR_GET_THP_DISABLE     42

#define TIMERSLACK 50000 /* ns, Linux's default */

static struct {
    int parent_death_signal, reaps, keeps_capabilities, no_new_privileges, no_huge_pages;
    bool not_dumpable;
    unsigned long timerslack; /* 0: the default */
} settings;

static long
set_name(const char *text)
{
    char *name = thread_current()->name;
    size_t len = strnlen(text, THREAD_NAME_MAX - 1);

    memcpy(name, text, len);
    name[len] = '\0';
    return 0;
}

static long
put(int value, int *to)
{
    *to = value;
    return 0;
}

/* A switch that is 0 or 1. */
static long
turn(int *what, unsigned long value)
{
    if (value > 1)
        return -EINVAL;
    *what = (int)value;
    return 0;
}

SYSCALL(172, prctl, int option, unsigned long a, unsigned long b, unsigned long c,
        unsigned long d)
{
    bool alone = !(b | c | d);

    switch (option) {
    case PR_SET_NAME:
        return set_name((const char *)a);
    case PR_GET_NAME:
        memcpy((char *)a, thread_current()->name, THREAD_NAME_MAX);
        return 0;
    case PR_SET_PDEATHSIG:
        return a <= ABI_NSIG ? put((int)a, &settings.parent_death_signal) : -EINVAL;
    case PR_GET_PDEATHSIG:
        return put(settings.parent_death_signal, (int *)a);
    case PR_GET_DUMPABLE:
        return !settings.not_dumpable;
    case PR_SET_DUMPABLE:
        if (a > 1)
            return -EINVAL;
        settings.not_dumpable = a == 0;
        return 0;
    case PR_GET_KEEPCAPS:
        return settings.keeps_capabilities;
    case PR_SET_KEEPCAPS:
        return turn(&settings.keeps_capabilities, a);
    case PR_SET_TIMERSLACK:
        settings.timerslack = a;
        return 0;
    case PR_GET_TIMERSLACK:
        return (long)(settings.timerslack ? settings.timerslack : TIMERSLACK);
    case PR_SET_CHILD_SUBREAPER:
        settings.reaps = a != 0;
        return 0;
    case PR_GET_CHILD_SUBREAPER:
        return put(settings.reaps, (int *)a);
    case PR_SET_NO_NEW_PRIVS: /* for ever */
        return a == 1 && alone ? turn(&settings.no_new_privileges, 1) : -EINVAL;
    case PR_GET_NO_NEW_PRIVS:
        return a || !alone ? -EINVAL : settings.no_new_privileges;
    case PR_SET_THP_DISABLE:
        return alone ? turn(&settings.no_huge_pages, a != 0) : -EINVAL;
    case PR_GET_THP_DISABLE:
        return a || !alone ? -EINVAL : settings.no_huge_pages;
    default:
        return -EINVAL;
    }
}

/*
 * What a program can ask about itself and its machine. There is one process, number 1, on one
 * processor, and its resources are limited by memory alone, whatever limits it sets.
 */
#include "kernel/cmdline.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "kernel/string.h"
#include "lib/libc/abi.h"
#include "lib/libc/file.h"
#include "lib/libc/ids.h"
#include "lib/libc/part.h"
#include "lib/libc/syscall.h"

PART(process);

#define PROCESS 1

SYSCALL_ASKS(20, getpid, void)
{
    return PROCESS;
}

SYSCALL_ASKS(224, gettid, void)
{
    return thread_current()->id;
}

static long
zero(void)
{
    return 0;
}

/* No parent; making a new group changes nothing. */
SYSCALL_ENTRY(64, getppid, zero, true);
SYSCALL_ENTRY(57, setpgid, zero, true);

SYSCALL(132, getpgid, int process)
{
    return process == 0 || process == PROCESS ? PROCESS : -ESRCH;
}

SYSCALL_ENTRY(147, getsid, sys_getpgid, false);

SYSCALL(66, setsid, void)
{
    return -EPERM; /* as for every process that leads its group already */
}

/* ---- the machine ---- */

#define NAME_SIZE 65

static void
put_name(char *fields, int number, const char *text)
{
    memcpy(fields + number * NAME_SIZE, text, MIN(strlen(text) + 1, NAME_SIZE - 1));
}

/* sysname, nodename, release, version, machine, domainname */
SYSCALL(122, uname, char *fields)
{
    const char *host = cmdline_word(NULL, "hostname");

    memset(fields, 0, 6 * NAME_SIZE);
    put_name(fields, 0, "Ringlet");
    put_name(fields, 1, host ? host : "ringlet");
    put_name(fields, 2, "0.1");
    put_name(fields, 3, "unikernel");
    put_name(fields, 4, "i686");
    return 0;
}

struct sysinfo {
    uint32_t uptime, loads[3], totalram, freeram, sharedram, bufferram, totalswap, freeswap;
    uint16_t processes, unused;
    uint32_t totalhigh, freehigh, unit;
};

SYSCALL(116, sysinfo, struct sysinfo *out)
{
    struct memory_info memory;

    memory_info(&memory);
    *out = (struct sysinfo){
        .uptime = (uint32_t)(clock_now() / NSEC_PER_SEC),
        .totalram = memory.total,
        .freeram = memory.free,
        .processes = 1,
        .unit = 1,
    };
    return 0;
}

/* ---- limits and use ---- */

#define RLIMIT_STACK  3
#define RLIMIT_NOFILE 7
#define RLIMIT_LAST   15

struct rlimit {
    uint64_t current, most;
};

/* What the program set, by resource. */
static struct rlimit limits[RLIMIT_LAST + 1];
static uint32_t is_set; /* a bit each */

static struct rlimit
get_limit(int resource)
{
    uint64_t most = UINT64_MAX;

    if (resource == RLIMIT_NOFILE)
        return (struct rlimit){fd_limits().soft, fd_limits().hard};
    if (is_set & 1u << resource)
        return limits[resource];
    if (resource == RLIMIT_STACK)
        most = thread_current()->stack_size;
    return (struct rlimit){most, most};
}

/* The number of descriptors is the limit that is kept to; the others are only kept. */
static int
set_limit(int resource, struct rlimit was, struct rlimit new)
{
    if (new.most > was.most && ids_may_all && !ids_may_all())
        return -EPERM;
    if (resource == RLIMIT_NOFILE)
        return fd_set_limits((struct fd_limits){new.current, new.most});
    limits[resource] = new;
    is_set |= 1u << resource;
    return 0;
}

SYSCALL(340, prlimit64, int process, int resource, const struct rlimit *new, struct rlimit *old)
{
    struct rlimit was;

    if (process != 0 && process != PROCESS)
        return -ESRCH;
    if (resource < 0 || resource > RLIMIT_LAST || (new &&new->current > new->most))
        return -EINVAL;
    was = get_limit(resource);
    int error = new ? set_limit(resource, was, *new) : 0;
    if (!error && old)
        *old = was;
    return error;
}

#define RUSAGE_CHILDREN (-1)
#define RUSAGE_THREAD   1

struct rusage {
    struct abi_timeval32 user, system;
    int32_t most_memory; /* KiB */
    int32_t unused[13];
};

SYSCALL_ASKS(77, getrusage, int who, struct rusage *out)
{
    uint64_t now = clock_now() - thread_idle_time();
    struct memory_info memory;

    if (who < RUSAGE_CHILDREN || who > RUSAGE_THREAD)
        return -EINVAL;
    *out = (struct rusage){0};
    if (who == RUSAGE_CHILDREN)
        return 0;
    memory_info(&memory);
    out->user.sec = (int32_t)(now / NSEC_PER_SEC);
    out->user.usec = (int32_t)(now % NSEC_PER_SEC / NSEC_PER_USEC);
    out->most_memory = (int32_t)((memory.total - memory.least) / 1024);
    return 0;
}

/* ---- children ---- */

SYSCALL(114, wait4, void)
{
    return -ECHILD;
}
SYSCALL_ENTRY(284, waitid, sys_wait4, false);

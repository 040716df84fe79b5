/*
 * What a program can ask about itself and its machine. There is one process, number 1, of
 * user and group 0, on one processor, and its resources are limited by memory alone.
 */
#include "kernel/cmdline.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "kernel/string.h"
#include "lib/libc/abi.h"
#include "lib/libc/file.h"
#include "lib/libc/part.h"
#include "lib/libc/syscall.h"

PART(process);

#define PROCESS 1

static long
sys_getpid(SYSCALL_ARGS)
{
    return PROCESS;
}
SYSCALL_ASKS(20, getpid);

static long
sys_gettid(SYSCALL_ARGS)
{
    return thread_current()->id;
}
SYSCALL_ASKS(224, gettid);

static long
zero(SYSCALL_ARGS)
{
    return 0;
}

/* Parent, users and groups; making a new session or group changes nothing. */
#define ANSWERS_ZERO(nr, call)                                            \
    static const struct syscall syscall_##call = {nr, #call, zero, true}; \
    ENLIST(syscalls, syscall_##call)
ANSWERS_ZERO(64, getppid);
ANSWERS_ZERO(57, setpgid);
ANSWERS_ZERO(199, getuid32);
ANSWERS_ZERO(200, getgid32);
ANSWERS_ZERO(201, geteuid32);
ANSWERS_ZERO(202, getegid32);
ANSWERS_ZERO(205, getgroups32);

static long
sys_getpgid(SYSCALL_ARGS)
{
    return a == 0 || a == PROCESS ? PROCESS : -ESRCH;
}
SYSCALL(132, getpgid);

static long
sys_getsid(SYSCALL_ARGS)
{
    return sys_getpgid(a, b, c, d, e, f);
}
SYSCALL(147, getsid);

static long
sys_setsid(SYSCALL_ARGS)
{
    return -EPERM; /* as for every process that leads its group already */
}
SYSCALL(66, setsid);

static long
three_zeroes(SYSCALL_ARGS)
{
    *(uint32_t *)a = *(uint32_t *)b = *(uint32_t *)c = 0;
    return 0;
}
static const struct syscall syscall_getresuid32 = {209, "getresuid32", three_zeroes, false};
ENLIST(syscalls, syscall_getresuid32);
static const struct syscall syscall_getresgid32 = {211, "getresgid32", three_zeroes, false};
ENLIST(syscalls, syscall_getresgid32);

/* ---- the machine ---- */

#define NAME_SIZE 65

static void
put_name(char *fields, int number, const char *text)
{
    memcpy(fields + number * NAME_SIZE, text, MIN(strlen(text) + 1, NAME_SIZE - 1));
}

/* sysname, nodename, release, version, machine, domainname */
static long
sys_uname(SYSCALL_ARGS)
{
    const char *host = cmdline_word(NULL, "hostname");

    memset((char *)a, 0, 6 * NAME_SIZE);
    put_name((char *)a, 0, "Ringlet");
    put_name((char *)a, 1, host ? host : "ringlet");
    put_name((char *)a, 2, "0.1");
    put_name((char *)a, 3, "unikernel");
    put_name((char *)a, 4, "i686");
    return 0;
}
SYSCALL(122, uname);

struct sysinfo {
    uint32_t uptime, loads[3], totalram, freeram, sharedram, bufferram, totalswap, freeswap;
    uint16_t processes, unused;
    uint32_t totalhigh, freehigh, unit;
};

static long
sys_sysinfo(SYSCALL_ARGS)
{
    struct memory_info memory;

    memory_info(&memory);
    *(struct sysinfo *)a = (struct sysinfo){
        .uptime = (uint32_t)(clock_now() / NSEC_PER_SEC),
        .totalram = memory.total,
        .freeram = memory.free,
        .processes = 1,
        .unit = 1,
    };
    return 0;
}
SYSCALL(116, sysinfo);

/* Process or 0, bytes of the set, set: one processor. */
static long
sys_sched_getaffinity(SYSCALL_ARGS)
{
    if (b < (long)sizeof(uint32_t))
        return -EINVAL;
    *(uint32_t *)c = 1;
    return sizeof(uint32_t);
}
SYSCALL(242, sched_getaffinity);

/* ---- limits and use ---- */

#define RLIMIT_STACK  3
#define RLIMIT_NOFILE 7
#define RLIMIT_LAST   15

struct rlimit {
    uint64_t current, most;
};

static struct rlimit
get_limit(long resource)
{
    uint64_t most = UINT64_MAX;

    if (resource == RLIMIT_NOFILE)
        return (struct rlimit){fd_limits().soft, fd_limits().hard};
    if (resource == RLIMIT_STACK)
        most = thread_current()->stack_size;
    return (struct rlimit){most, most};
}

/* The number of descriptors is the one that can be changed. */
static int
set_limit(long resource, struct rlimit was, struct rlimit new)
{
    if (resource == RLIMIT_NOFILE)
        return fd_set_limits((struct fd_limits){new.current, new.most});
    return new.current == was.current && new.most == was.most ? 0 : -EPERM;
}

/* Process, resource, new limit, old limit. */
static long
sys_prlimit64(SYSCALL_ARGS)
{
    const struct rlimit *new = (const struct rlimit *)c;
    struct rlimit *old = (struct rlimit *)d, was;

    if (a != 0 && a != PROCESS)
        return -ESRCH;
    if (b < 0 || b > RLIMIT_LAST || (new && new->current > new->most))
        return -EINVAL;
    was = get_limit(b);
    int error = new ? set_limit(b, was, *new) : 0;
    if (!error && old)
        *old = was;
    return error;
}
SYSCALL(340, prlimit64);

#define RUSAGE_CHILDREN (-1)
#define RUSAGE_THREAD   1

struct rusage {
    struct abi_timeval32 user, system;
    int32_t unused[14];
};

static long
sys_getrusage(SYSCALL_ARGS)
{
    uint64_t now = clock_now() - thread_idle_time();

    if (a < RUSAGE_CHILDREN || a > RUSAGE_THREAD)
        return -EINVAL;

    *(struct rusage *)b = (struct rusage){
        .user = {(int32_t)(now / NSEC_PER_SEC), (int32_t)(now % NSEC_PER_SEC / NSEC_PER_USEC)}};
    return 0;
}
SYSCALL_ASKS(77, getrusage);

/* ---- children ---- */

static long
no_child(SYSCALL_ARGS)
{
    return -ECHILD;
}
static const struct syscall syscall_wait4 = {114, "wait4", no_child, false};
ENLIST(syscalls, syscall_wait4);
static const struct syscall syscall_waitid = {284, "waitid", no_child, false};
ENLIST(syscalls, syscall_waitid);

/* ---- names of threads ---- */

#define PR_SET_NAME 15
#define PR_GET_NAME 16

static long
sys_prctl(SYSCALL_ARGS)
{
    char *name = thread_current()->name;

    if (a == PR_SET_NAME) {
        size_t len = strnlen((const char *)b, THREAD_NAME_MAX - 1);
        memcpy(name, (const char *)b, len);
        name[len] = '\0';
        return 0;
    }
    if (a != PR_GET_NAME)
        return -EINVAL;
    memcpy((char *)b, name, THREAD_NAME_MAX);
    return 0;
}
SYSCALL(172, prctl);

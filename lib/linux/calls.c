/*
 * Calls that C libraries of Linux make and musl, as lib/libc serves it, does not: the narrow ones of
 * old, made of those that took their place, and questions whose answer is always the same.
 */
#include "kernel/cmdline.h"
#include "kernel/kernel.h"
#include "kernel/string.h"
#include "lib/libc/abi.h"
#include "lib/libc/part.h"
#include "lib/linux/program.h"

PART(linux_calls);

/* Numbers of the calls that others are made of. */
#define LSEEK           140
#define SELECT          142
#define TRUNCATE64      193
#define FTRUNCATE64     194
#define FCNTL64         221
#define OPEN            5
#define EPOLL_CREATE1   329
#define EVENTFD2        328
#define CLOCK_GETTIME64 403

/* ---- the system ---- */

#define NAME_SIZE 65

/* glibc refuses to start on a system that it takes for older than it knows, and Go looks, too. */
LINUX_CALL(122, uname, true, char *out)
{
    const char *host = cmdline_word(NULL, "hostname");
    const char *names[] = {"Linux", host ? host : "ringlet", "6.1.0-ringlet", "#1 Ringlet", "i686", "(none)"};

    memset(out, 0, ARRAY_SIZE(names) * NAME_SIZE);
    for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
        memcpy(out + i * NAME_SIZE, names[i], MIN(strlen(names[i]), NAME_SIZE - 1));
    return 0;
}

static long
zero(void)
{
    return 0;
}

/* One user and one group, who may all; in 16 bits. */
LINUX_ENTRY(24, getuid, false, zero);
LINUX_ENTRY(47, getgid, false, zero);
LINUX_ENTRY(49, geteuid, false, zero);
LINUX_ENTRY(50, getegid, false, zero);
LINUX_ENTRY(80, getgroups, false, zero);

LINUX_CALL(65, getpgrp, false, void)
{
    return 1;
}

/* There is one personality, and no program has another one. */
LINUX_ENTRY(136, personality, false, zero);
/* No thread dies with a lock in its hand: all end together. */
LINUX_ENTRY(311, set_robust_list, false, zero);

static long
none(void)
{
    return -ENOSYS; /* which programs expect of an older system, so it is no news for the log */
}

LINUX_ENTRY(386, rseq, false, none);
LINUX_ENTRY(435, clone3, false, none);

LINUX_CALL(7, waitpid, false, void)
{
    return -ECHILD;
}

/* ---- files ---- */

LINUX_CALL(8, creat, false, const char *path, unsigned mode)
{
    return linux_call(OPEN, (long)path, FILE_O_WRONLY | FILE_O_CREAT | FILE_O_TRUNC, (long)mode, 0, 0, 0);
}

LINUX_CALL(19, lseek, false, int fd, int32_t offset, unsigned whence)
{
    uint64_t result;
    long error = linux_call(LSEEK, fd, offset >> 31, offset, (long)&result, (long)whence, 0);

    return error ? error : result > INT32_MAX ? -EFBIG : (long)result;
}

LINUX_CALL(55, fcntl, false, int fd, int command, long argument)
{
    return linux_call(FCNTL64, fd, command, argument, 0, 0, 0);
}

LINUX_CALL(92, truncate, false, const char *path, uint32_t size)
{
    return linux_call(TRUNCATE64, (long)path, (long)size, 0, 0, 0, 0);
}

LINUX_CALL(93, ftruncate, false, int fd, uint32_t size)
{
    return linux_call(FTRUNCATE64, fd, (long)size, 0, 0, 0, 0);
}

/* A row of words. */
LINUX_CALL(82, select, false, const long *words)
{
    return linux_call(SELECT, words[0], words[1], words[2], words[3], words[4], 0);
}

LINUX_CALL(254, epoll_create, false, int size)
{
    return size > 0 ? linux_call(EPOLL_CREATE1, 0, 0, 0, 0, 0, 0) : -EINVAL;
}

LINUX_CALL(323, eventfd, false, unsigned start)
{
    return linux_call(EVENTFD2, (long)start, 0, 0, 0, 0, 0);
}

/* ---- time, in 32 bits ---- */

LINUX_CALL(265, clock_gettime, false, int clock, struct abi_timespec32 *out)
{
    struct abi_timespec64 now;
    long error = linux_call(CLOCK_GETTIME64, clock, (long)&now, 0, 0, 0, 0);

    if (!error)
        *out = (struct abi_timespec32){(int32_t)now.sec, now.nsec};
    return error;
}

LINUX_CALL(13, time, false, int32_t *out)
{
    struct abi_timespec64 now;
    long error = linux_call(CLOCK_GETTIME64, 0, (long)&now, 0, 0, 0, 0);

    if (!error && out)
        *out = (int32_t)now.sec;
    return error ? error : (long)now.sec;
}

LINUX_CALL(78, gettimeofday, false, struct abi_timeval32 *out, uint32_t *zone)
{
    struct abi_timespec64 now;
    long error = linux_call(CLOCK_GETTIME64, 0, (long)&now, 0, 0, 0, 0);

    if (!error && out)
        *out = (struct abi_timeval32){(int32_t)now.sec, now.nsec / 1000};
    if (zone)
        zone[0] = zone[1] = 0;
    return error;
}

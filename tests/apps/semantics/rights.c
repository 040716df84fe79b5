/*
 * Whom a program runs as, and what it sets about itself. The last subject, since in the end the
 * rights are given up for good.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "show.h"

#define NOBODY 0x7fffff00 /* no process has this number */

static uid_t r, e, s;

static long
users(void)
{
    return getresuid(&r, &e, &s) ? -1 : (long)(r * 1000000 + e * 1000 + s);
}

static long
groups(void)
{
    return getresgid(&r, &e, &s) ? -1 : (long)(r * 1000000 + e * 1000 + s);
}

static long
owner_of_new(void)
{
    struct stat st = {0};
    int fd = open("/tmp/owned", O_CREAT | O_EXCL | O_RDWR, 0600);

    fstat(fd, &st);
    close(fd);
    unlink("/tmp/owned");
    return (long)(st.st_uid * 1000 + st.st_gid);
}

static void
changing(void)
{
    gid_t list[4] = {0};

    SHOW(users());
    SHOW(groups());
    SHOW(setgroups(3, (gid_t[]){5, 6, 7}));
    SHOW(getgroups(4, list));
    SHOW(list[0] * 100 + list[1] * 10 + list[2]);
    SHOW(getgroups(0, NULL));
    SHOW(getgroups(2, list));
    SHOW(getgroups(-1, list));
    SHOW(setgroups(70000, list));
    SHOW(setgroups(0, NULL));
    SHOW(getgroups(4, list));
    SHOW(setuid(0));
    SHOW(setgid(0));
    SHOW(setuid(-1));
    SHOW(seteuid(-1));
    SHOW(setegid(20));
    SHOW(groups());
    SHOW(seteuid(10));
    SHOW(users());
    SHOW(geteuid() * 100 + getuid());
    SHOW(owner_of_new());
    SHOW(seteuid(11));
    SHOW(setgid(21));
    SHOW(setegid(0));
    SHOW(setegid(20));
    SHOW(setgroups(0, NULL));
    SHOW(seteuid(0));
    SHOW(setgid(0));
    SHOW(groups());
    SHOW(setreuid(-1, 10));
    SHOW(users());
    SHOW(setreuid(11, -1));
    SHOW(setreuid(-1, 11));
    SHOW(setreuid(10, 0)); /* they change places */
    SHOW(users());
    SHOW(setreuid(0, -1));
    SHOW(users());
    SHOW(setresuid(10, 0, 12));
    SHOW(users());
    SHOW(setresuid(-1, 12, 0));
    SHOW(setresuid(-1, 13, -1));
    SHOW(setresuid(13, -1, -1));
    SHOW(users());
    SHOW(setuid(12));
    SHOW(setuid(0)); /* the saved one, and only the effective one changes */
    SHOW(users());
    SHOW(setuid(0));
    SHOW(users());
}

static void
of_files(void)
{
    SHOW(setfsuid(7));
    SHOW(setfsuid(-1));
    SHOW(setfsgid(8));
    SHOW(setfsgid(-1));
    SHOW(setfsuid(0));
    SHOW(setfsgid(0));
}

static void
settings(void)
{
    unsigned long slack;
    int value;

    SHOW(prctl(PR_SET_PDEATHSIG, 15));
    SHOW(prctl(PR_GET_PDEATHSIG, &value));
    SHOW(value);
    SHOW(prctl(PR_SET_PDEATHSIG, 77));
    SHOW(prctl(PR_SET_PDEATHSIG, 0));
    SHOW(prctl(PR_SET_DUMPABLE, 0));
    SHOW(prctl(PR_GET_DUMPABLE));
    SHOW(prctl(PR_SET_DUMPABLE, 77));
    SHOW(prctl(PR_SET_DUMPABLE, 1));
    SHOW(prctl(PR_GET_DUMPABLE));
    SHOW(prctl(PR_GET_KEEPCAPS));
    SHOW(prctl(PR_SET_KEEPCAPS, 1));
    SHOW(prctl(PR_GET_KEEPCAPS));
    SHOW(prctl(PR_SET_KEEPCAPS, 2));
    SHOW(prctl(PR_SET_KEEPCAPS, 0));
    SHOW(slack = (unsigned long)prctl(PR_GET_TIMERSLACK));
    SHOW(prctl(PR_SET_TIMERSLACK, 1000));
    SHOW(prctl(PR_GET_TIMERSLACK));
    SHOW(prctl(PR_SET_TIMERSLACK, slack));
    SHOW(prctl(PR_SET_CHILD_SUBREAPER, 5));
    SHOW(prctl(PR_GET_CHILD_SUBREAPER, &value));
    SHOW(value);
    SHOW(prctl(PR_SET_CHILD_SUBREAPER, 0));
    SHOW(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    SHOW(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
    SHOW(prctl(PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0));
    SHOW(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    SHOW(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    SHOW(prctl(PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0));
    SHOW(prctl(9999, 0, 0, 0, 0));
}

static void
limits(void)
{
    struct rlimit limit = {0, 0};

    SHOW(setrlimit(RLIMIT_CORE, &limit));
    limit.rlim_cur = 77;
    SHOW(getrlimit(RLIMIT_CORE, &limit) + (long)(limit.rlim_cur + limit.rlim_max));
    limit = (struct rlimit){1 << 20, 1 << 21};
    SHOW(setrlimit(RLIMIT_MEMLOCK, &limit));
    SHOW(getrlimit(RLIMIT_MEMLOCK, &limit) + (long)(limit.rlim_cur + limit.rlim_max));
    limit = (struct rlimit){2, 1};
    SHOW(setrlimit(RLIMIT_NPROC, &limit));
    SHOW(setrlimit(77, &limit));
}

static void
scheduling(void)
{
    struct sched_param param = {0};
    struct timespec span;
    cpu_set_t cpus;
    int policy = 77;

    SHOW(setpriority(PRIO_PROCESS, 0, 12));
    SHOW(getpriority(PRIO_PROCESS, 0));
    SHOW(getpriority(PRIO_PROCESS, getpid()));
    SHOW(nice(3));
    SHOW(setpriority(PRIO_PROCESS, 0, 100));
    SHOW(getpriority(PRIO_PROCESS, 0));
    SHOW(getpriority(77, 0));
    SHOW(setpriority(-1, 0, 0));
    SHOW(getpriority(PRIO_PROCESS, NOBODY));
    SHOW(setpriority(PRIO_PROCESS, NOBODY, 0));
    SHOW(sched_get_priority_max(SCHED_FIFO));
    SHOW(sched_get_priority_min(SCHED_FIFO));
    SHOW(sched_get_priority_max(SCHED_RR));
    SHOW(sched_get_priority_max(SCHED_OTHER));
    SHOW(sched_get_priority_min(SCHED_BATCH));
    SHOW(sched_get_priority_max(77));
    SHOW(sched_get_priority_min(-1));
    SHOW(syscall(SYS_sched_getscheduler, 0));
    SHOW(syscall(SYS_sched_setscheduler, 0, SCHED_BATCH, &param));
    SHOW(syscall(SYS_sched_getscheduler, 0));
    SHOW(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &param));
    SHOW(syscall(SYS_sched_setparam, 0, &param));
    SHOW(syscall(SYS_sched_getparam, 0, &param));
    SHOW(param.sched_priority);
    SHOW(syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &param));
    SHOW(syscall(SYS_sched_setscheduler, 0, 77, &param));
    SHOW(syscall(SYS_sched_setscheduler, 0, -1, &param));
    SHOW(syscall(SYS_sched_setscheduler, -1, SCHED_OTHER, &param));
    SHOW(syscall(SYS_sched_setscheduler, NOBODY, SCHED_OTHER, &param));
    SHOW(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, NULL));
    SHOW(syscall(SYS_sched_getscheduler, NOBODY));
    SHOW(syscall(SYS_sched_getparam, NOBODY, &param));
    SHOW(syscall(SYS_sched_getparam, 0, NULL));
    param.sched_priority = 5;
    SHOW(syscall(SYS_sched_setparam, 0, &param));
    SHOW(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &param));
    SHOW(syscall(SYS_sched_setscheduler, 0, SCHED_RR, &(int){100}));
    SHOW_CODE(pthread_getschedparam(pthread_self(), &policy, &param));
    SHOW(policy + param.sched_priority);
    SHOW_CODE(pthread_setschedparam(pthread_self(), SCHED_OTHER, &param));
    SHOW_CODE(pthread_setschedparam(pthread_self(), SCHED_FIFO, &param));
    SHOW_CODE(pthread_setschedprio(pthread_self(), 3));
    SHOW(sched_rr_get_interval(0, &span));
    SHOW(span.tv_sec);
    SHOW(sched_rr_get_interval(NOBODY, &span));
    CPU_ZERO(&cpus);
    SHOW(sched_setaffinity(0, sizeof(cpus), &cpus));
    CPU_SET(0, &cpus);
    SHOW(sched_setaffinity(0, sizeof(cpus), &cpus));
    SHOW(sched_getaffinity(0, sizeof(cpus), &cpus));
    SHOW(CPU_COUNT(&cpus) + CPU_ISSET(0, &cpus));
    SHOW(sched_setaffinity(NOBODY, sizeof(cpus), &cpus));
    SHOW(sched_getaffinity(NOBODY, sizeof(cpus), &cpus));
}

static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;

static void *
wait_long(void *nothing)
{
    pthread_mutex_lock(&held);
    pthread_mutex_unlock(&held);
    return nothing;
}

/* Every thread makes the change, also one that waits. */
static void
giving_up(void)
{
    struct rlimit limit = {1 << 21, 1 << 22};
    pthread_t thread;

    SHOW(setgroups(1, (gid_t[]){20}));
    SHOW(pthread_mutex_lock(&held));
    SHOW(pthread_create(&thread, NULL, wait_long, NULL));
    SHOW(setresgid(20, 20, 20));
    SHOW(setresuid(10, 10, 10));
    SHOW(pthread_mutex_unlock(&held));
    SHOW(pthread_join(thread, NULL));
    SHOW(users());
    SHOW(groups());
    SHOW(owner_of_new());
    SHOW(setuid(0));
    SHOW(seteuid(0));
    SHOW(setgid(0));
    SHOW(setreuid(0, -1));
    SHOW(setreuid(-1, 0));
    SHOW(setresuid(-1, -1, 0));
    SHOW(setresgid(0, -1, -1));
    SHOW(setgroups(0, NULL));
    SHOW(getgroups(0, NULL));
    SHOW(setuid(10));
    SHOW(setgid(20));
    SHOW(seteuid(10));
    SHOW(setresuid(10, -1, 10));
    SHOW(setfsuid(0));
    SHOW(setfsuid(-1));
    SHOW(setrlimit(RLIMIT_MEMLOCK, &limit));
    SHOW(users());
}

void
rights(void)
{
    changing();
    of_files();
    settings();
    limits();
    scheduling();
    giving_up();
}

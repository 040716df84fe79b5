/* What a program can ask about itself, and what this system has not. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>
#include "show.h"

void
process(void)
{
    struct rlimit limit;
    struct rusage usage;
    struct utsname uts;
    char name[100];
    cpu_set_t cpus;
    gid_t groups[4];

    SHOW(getuid());
    SHOW(geteuid());
    SHOW(getgid());
    SHOW_TRUTH(getpid() > 0);
    SHOW_TRUTH(gettid() == getpid());
    SHOW(getpgid(0x7fffff00));
    SHOW_TRUTH(getgroups(4, groups) >= 0);
    SHOW(getrlimit(77, &limit));
    SHOW(getrlimit(RLIMIT_NOFILE, &limit));
    SHOW_TRUTH(limit.rlim_cur > 100);
    SHOW(getrusage(RUSAGE_SELF, &usage));
    SHOW(getrusage(77, &usage));
    SHOW(uname(&uts));
    SHOW(gethostname(name, sizeof(name)));
    SHOW(gethostname(name, 1));
    SHOW_TRUTH(sched_getaffinity(0, sizeof(cpus), &cpus) == 0 && CPU_COUNT(&cpus) >= 1);
    SHOW(sched_getaffinity(0, 1, &cpus));
    SHOW(sysconf(_SC_PAGESIZE));
    SHOW(sysconf(_SC_CLK_TCK));
    SHOW(sysconf(9999));
    SHOW(getrandom(name, sizeof(name), 0x7777));
    SHOW(prctl(PR_SET_NAME, "of 15 and more letters"));
    SHOW(prctl(PR_GET_NAME, name));
    SHOW_TEXT(name);
    SHOW(prctl(7777));
    SHOW(wait(NULL));
    SHOW(waitpid(-1, NULL, WNOHANG));
    SHOW(syscall(9999));
    SHOW(setenv("A=B", "x", 1));
    SHOW(setenv("NAME", "value", 1));
    SHOW_TEXT(getenv("NAME"));
    SHOW(sched_yield());
    SHOW(isatty(-1));
    SHOW_TEXT(ttyname(99));
}

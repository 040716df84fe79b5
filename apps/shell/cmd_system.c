/*
 * mem, threads, uptime, date, log, and the ways to leave: panic, restart, exit.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "kernel/thread.h"
#include "shell.h"

int
cmd_mem(int argc, char **argv)
{
    struct memory_info m;

    if (argc > 1)
        return command_usage(argv[0]);
    memory_info(&m);
    printf("total  %8zu KiB\nfree   %8zu KiB\nleast  %8zu KiB were free so far\n"
           "heap   %8zu KiB of the kernel's small objects\n",
           m.total / 1024, m.free / 1024, m.least / 1024, m.heap / 1024);
    return 0;
}

static const char *
state_name(const struct thread *thread)
{
    switch (thread->state) {
    case THREAD_READY:
        return "ready";
    case THREAD_RUNNING:
        return "running";
    case THREAD_BLOCKED:
        return "waiting";
    case THREAD_DEAD:
        return "ended";
    }
    return "?";
}

int
cmd_threads(int argc, char **argv)
{
    struct thread *thread = NULL;

    if (argc > 1)
        return command_usage(argv[0]);
    printf("  ID  STATE    STACK KiB  NAME\n");
    while ((thread = thread_next(thread)))
        printf("%4d  %-7s  %9zu  %s\n", thread->id, state_name(thread),
               thread->stack_size / 1024, thread->name);
    return 0;
}

int
cmd_uptime(int argc, char **argv)
{
    uint64_t ms = clock_now() / NSEC_PER_MSEC;
    uint64_t s = ms / 1000;

    if (argc > 1)
        return command_usage(argv[0]);
    if (s >= 86400)
        printf("%" PRIu64 " days ", s / 86400);
    printf("%02u:%02u:%02u.%03u\n", (unsigned)(s / 3600 % 24), (unsigned)(s / 60 % 60),
           (unsigned)(s % 60), (unsigned)(ms % 1000));
    return 0;
}

int
cmd_date(int argc, char **argv)
{
    char text[64];
    time_t now = time(NULL);

    if (argc > 1)
        return command_usage(argv[0]);
    if (platform->wall_base() == 0) {
        fprintf(stderr, "date: this machine has no clock that knows the date\n");
        return 1;
    }
    strftime(text, sizeof(text), "%a %Y-%m-%d %H:%M:%S UTC", gmtime(&now));
    printf("%s\n", text);
    return 0;
}

int
cmd_log(int argc, char **argv)
{
    char text[512];
    size_t offset = 0, n;

    if (argc > 1)
        return command_usage(argv[0]);
    while (!interrupted && (n = log_read(offset, text, sizeof(text))) > 0) {
        fwrite(text, 1, n, stdout);
        offset += n;
    }
    return 0;
}

int
cmd_panic(int argc, char **argv)
{
    if (argc > 1)
        return command_usage(argv[0]);
    fflush(stdout);
    panic("the shell was asked to");
}

int
cmd_restart(int argc, char **argv)
{
    if (argc > 1)
        return command_usage(argv[0]);
    fflush(stdout);
    kernel_restart();
}

int
cmd_exit(int argc, char **argv)
{
    uint64_t code = 0;

    if (argc > 2)
        return command_usage(argv[0]);
    if (argc == 2 && !parse_count(argv[1], 255, &code))
        return 2;
    exit((int)code);
}

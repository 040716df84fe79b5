/*
 * top: what the machine did in the last second. Threads have no clock of their own; what is known of
 * each is how often it got a turn.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "kernel/thread.h"
#include "shell.h"

#define THREADS_MAX \
    64 /* that are remembered from one look to the next; more are shown without */

struct turns {
    int id;
    uint64_t switches;
};

struct look {
    uint64_t time, idle; /* ns */
    unsigned nr;
    struct turns turns[THREADS_MAX];
};

static void
take_look(struct look *look)
{
    struct thread *thread = NULL;

    look->time = clock_now();
    look->idle = thread_idle_time();
    look->nr = 0;
    while (look->nr < THREADS_MAX && (thread = thread_next(thread)))
        look->turns[look->nr++] = (struct turns){thread->id, thread->switches};
}

static uint64_t
turns_before(const struct look *look, int id)
{
    for (unsigned i = 0; i < look->nr; i++)
        if (look->turns[i].id == id)
            return look->turns[i].switches;
    return 0;
}

static void
show(const struct look *before, const struct look *now)
{
    uint64_t span = MAX(now->time - before->time, 1);
    uint64_t busy = span - MIN(now->idle - before->idle, span);
    struct thread *thread = NULL;
    struct memory_info memory;

    memory_info(&memory);
    printf("busy %3" PRIu64 "%%, %zu of %zu KiB free\n  ID  TURNS  NAME\n", busy * 100 / span,
           memory.free / 1024, memory.total / 1024);
    while ((thread = thread_next(thread)))
        printf("%4d %6" PRIu64 "  %s\n", thread->id,
               thread->switches - turns_before(before, thread->id), thread->name);
    printf("\n");
    fflush(stdout);
}

int
cmd_top(int argc, char **argv)
{
    static struct look looks[2];
    struct timespec second = {1, 0};
    uint64_t times = UINT64_MAX;

    if (argc > 2)
        return command_usage(argv[0]);
    if (argc == 2 && !parse_count(argv[1], UINT32_MAX, &times))
        return 2;
    take_look(&looks[0]);
    for (uint64_t i = 1; i <= times && nanosleep(&second, NULL) == 0 && !interrupted; i++) {
        take_look(&looks[i & 1]);
        show(&looks[~i & 1], &looks[i & 1]);
    }
    return 0;
}

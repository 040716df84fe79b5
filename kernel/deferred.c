/*
 * Deferred work: what interrupt handlers record and known points carry out, in the order of
 * recording. The pending list is the only thing that interrupt and thread context share, and
 * it is only touched with interrupts off.
 *
 * The work runs on the stack that the image came in on, which nobody needs any more once the
 * first thread runs (thread_start): a thread's own stack need not have room for TCP/IP. No
 * work is run before that.
 */
#include "kernel/deferred.h"
#include "kernel/cpu.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "kernel/thread.h"
#include "kernel/watch.h"

static struct deferred *first, **last = &first;
static unsigned nr_pending;
static bool running;
static uint64_t idle_time; /* ns */

void
defer_mark(struct deferred *d)
{
    bool on = platform->irq_save();

    if (!d->pending) {
        d->pending = true;
        d->next = NULL;
        *last = d;
        last = &d->next;
        nr_pending++;
    }
    platform->irq_restore(on);
}

void
defer_cancel(struct deferred *d)
{
    bool on = platform->irq_save();

    for (struct deferred **at = &first; *at; at = &(*at)->next) {
        if (*at != d)
            continue;
        *at = d->next;
        if (last == &d->next)
            last = at;
        d->pending = false;
        nr_pending--;
        break;
    }
    platform->irq_restore(on);
}

static struct deferred *
take_first(void)
{
    bool on = platform->irq_save();
    struct deferred *d = first;

    if (d) {
        first = d->next;
        if (!first)
            last = &first;
        d->pending = false;
        nr_pending--;
    }
    platform->irq_restore(on);
    return d;
}

/* Only as many as there are now: work that comes up meanwhile waits for the next known point,
 * so that a device that never stops interrupting cannot keep the threads from running. */
static void
run_pending(void *unused)
{
    struct deferred *d;

    (void)unused;
    for (unsigned n = nr_pending; n && (d = take_first()); n--)
        d->run(d->arg);
}

void
defer_run(void)
{
    watch_known_point();
    if (running || !nr_pending)
        return;
    running = true;
    cpu_call_on((uintptr_t)boot_stack_top, run_pending, NULL);
    running = false;
}

bool
defer_pending(void)
{
    return nr_pending != 0;
}

bool
defer_running(void)
{
    return running;
}

uint64_t
thread_idle_time(void)
{
    return idle_time;
}

void
idle(void)
{
    platform->irq_save();
    if (!nr_pending) {
        uint64_t begin = clock_now();
        platform->halt();
        idle_time += clock_now() - begin;
    }
    platform->irq_restore(true);
    defer_run();
}

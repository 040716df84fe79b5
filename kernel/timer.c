/*
 * Timers in deadline order over the platform's single one-shot timer. The interrupt only
 * records; fire() runs as deferred work.
 */
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "kernel/thread.h"
#include "kernel/watch.h"

static struct list timers = LIST_INIT(timers);
static uint64_t tick = TIME_NEVER; /* the next; each interrupt ends it */

static void run_timers(void *unused);
static struct deferred work = {.run = run_timers};

/* Never further away than the watch wants to look. */
static void
arm(void)
{
    uint64_t deadline = MIN(clock_now() + WATCH_PERIOD, tick);

    if (!list_empty(&timers))
        deadline = MIN(deadline, container_of(timers.next, struct timer, link)->deadline);
    platform->timer_arm(deadline);
}

/* What was due at the beginning: one that is set again for the next microsecond would otherwise
 * be due whenever this looked. */
static void
run_timers(void *unused)
{
    uint64_t now = clock_now();

    (void)unused;
    while (!list_empty(&timers)) {
        struct timer *t = container_of(timers.next, struct timer, link);
        if (now < t->deadline)
            break;
        list_remove(&t->link);
        t->fire(t->arg);
    }
    arm();
}

void
timer_tick(void)
{
    bool on = platform->irq_save(), new = tick == TIME_NEVER;

    if (new)
        tick = clock_now() + TICK;
    platform->irq_restore(on);
    if (new)
        arm();
}

void
timer_start(void)
{
    arm();
}

void
timer_interrupt(uintptr_t eip, uintptr_t ebp)
{
    watch_tick(eip, ebp);
    tick = TIME_NEVER;
    defer_mark(&work);
    platform->timer_arm(clock_now() + WATCH_PERIOD);
}

void
timer_set(struct timer *t, uint64_t deadline)
{
    timer_cancel(t);
    t->deadline = deadline;
    struct list *at = timers.next;
    while (at != &timers && container_of(at, struct timer, link)->deadline <= deadline)
        at = at->next;
    list_insert_before(at, &t->link);
    if (timers.next == &t->link)
        arm();
}

void
timer_cancel(struct timer *t)
{
    if (t->link.next)
        list_remove(&t->link);
}

/*
 * Timers in deadline order over the platform's single one-shot timer. The interrupt only
 * records; fire() runs as deferred work.
 */
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "kernel/thread.h"
#include "kernel/watch.h"

static struct list timers = LIST_INIT(timers);

static void run_timers(void *unused);
static struct deferred work = {.run = run_timers};

/* Never further away than the watch wants to look. */
static void
arm(void)
{
    uint64_t deadline = clock_now() + WATCH_PERIOD;

    if (!list_empty(&timers))
        deadline = MIN(deadline, list_entry(timers.next, struct timer, link)->deadline);
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
        struct timer *t = list_entry(timers.next, struct timer, link);
        if (now < t->deadline)
            break;
        list_remove(&t->link);
        t->fire(t->arg);
    }
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
    defer_mark(&work);
    platform->timer_arm(clock_now() + WATCH_PERIOD);
}

void
timer_set(struct timer *t, uint64_t deadline)
{
    timer_cancel(t);
    t->deadline = deadline;
    struct list *at = timers.next;
    while (at != &timers && list_entry(at, struct timer, link)->deadline <= deadline)
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

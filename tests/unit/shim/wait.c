/*
 * The waiting half of thread.h for programs of one thread: whoever blocks runs the world
 * (devices, deferred work, timers) until it is woken or its deadline is past, a step of the
 * clock at a time.
 */
#include <stdio.h>
#include <stdlib.h>
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "kernel/thread.h"
#include "shim.h"

/* Of tests/unit/model, where it is linked. */
void model_devices(void) __attribute__((weak));

static struct thread only = {.name = "test", .id = 1, .state = THREAD_RUNNING};
static bool woken;

struct thread *
thread_current(void)
{
    return &only;
}

void
wait_queue_init(struct wait_queue *q)
{
    list_init(&q->waiters);
}

void
wait_join(struct wait_queue *q, struct waiter *w)
{
    w->thread = &only;
    list_append(&q->waiters, &w->link);
}

void
wait_leave(struct waiter *w)
{
    list_remove(&w->link);
}

/* One step of everything but the caller. */
static void
world_step(void)
{
    if (model_devices)
        model_devices();
    platform->irq_restore(true);
    defer_run();
}

int
wait_sleep(uint64_t deadline)
{
    for (;;) {
        world_step();
        if (woken)
            break;
        if (shim_clock() >= deadline)
            return -ETIMEDOUT;
        if (deadline == TIME_NEVER && shim_clock() > 1000 * NSEC_PER_SEC) {
            fprintf(stderr, "shim: a thread waits for ever\n");
            abort();
        }
        shim_clock_advance(SHIM_WAIT_STEP);
    }
    woken = false;
    return 0;
}

int
wait_on(struct wait_queue *q, uint64_t deadline)
{
    struct waiter w;

    wait_join(q, &w);
    int error = wait_sleep(deadline);
    wait_leave(&w);
    return error;
}

/* There is one thread, so whoever waits on the queue is that one. */
void
wake_all(struct wait_queue *q)
{
    assert(q->waiters.next); /* the kernel would walk from address 0 on, for ever */
    list_foreach(at, &q->waiters)
    {
        struct waiter *w = container_of(at, struct waiter, link);
        if (w->thread)
            woken = true;
        else
            w->woken(w);
    }
}

void
wake_one(struct wait_queue *q)
{
    wake_all(q);
}

void
thread_sleep(uint64_t ns)
{
    uint64_t until = shim_clock() + ns;

    do {
        world_step();
        if (shim_clock() < until)
            shim_clock_advance(MIN(until - shim_clock(), SHIM_WAIT_STEP));
    } while (shim_clock() < until);
}

void
thread_yield(void)
{
    world_step();
}

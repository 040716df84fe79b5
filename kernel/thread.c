/*
 * Threads: a run queue in the order of becoming ready, and a switch that is
 * nothing but a change of stacks. There is no idle thread: whoever blocks last runs the idle
 * loop on its own stack until somebody is ready, itself included.
 */
#include "kernel/cpu.h"
#include "kernel/deferred.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "kernel/string.h"
#include "kernel/thread.h"

struct gs_window gs_window;

static struct list ready = LIST_INIT(ready);
static struct list all = LIST_INIT(all);
static struct thread *current;
static struct thread *dead; /* ended, but its stack was still in use by the switch */
static bool tls_by_descriptor;
static int last_id;

struct thread *
thread_current(void)
{
    return current;
}

struct thread *
thread_next(struct thread *after)
{
    struct list *next = after ? after->all.next : all.next;

    return next == &all ? NULL : container_of(next, struct thread, all);
}

static void
load_tls(uintptr_t tls)
{
    if (tls_by_descriptor)
        platform->set_gs_base(tls);
    else
        gs_window.self = tls;
}

void
thread_set_tls(uintptr_t tls)
{
    current->tls = tls;
    load_tls(tls);
}

void
thread_use_gs_base(void)
{
    tls_by_descriptor = true;
    load_tls(current->tls);
}

static void
free_dead(void)
{
    struct thread *t = dead;

    dead = NULL;
    if (!t)
        return;
    if (t->stack_size) {
        char *guard = (char *)t->stack_base - PAGE_SIZE;
        int error = platform->protect(guard, PAGE_SIZE, PAGE_RW);
        if (error && error != -ENOTSUP) { /* a page that faults must not be handed out again */
            log_error("thread %s: guard page: error %d; its stack is lost", t->name, error);
            kfree(t);
            return;
        }
        pages_free(guard, (t->stack_size >> PAGE_SHIFT) + 1);
    }
    kfree(t);
}

/* Give the CPU to the first ready thread; the caller has put the current one where it
 * belongs. Returns when the current one is switched to again. */
static void
schedule(void)
{
    struct thread *previous = current;
    uintptr_t unused;
    struct list *next;

    assert(!defer_running());
    defer_run();
    while (!(next = list_pop(&ready)))
        idle();
    current = container_of(next, struct thread, link);
    current->state = THREAD_RUNNING;
    if (current == previous)
        return;
    current->switches++;
    load_tls(current->tls);
    cpu_switch(previous ? &previous->sp : &unused, current->sp);
    free_dead();
}

static void
make_ready(struct thread *t)
{
    t->state = THREAD_READY;
    list_append(&ready, &t->link);
}

/* Where a new thread's first switch arrives. */
static void
thread_begin(void)
{
    free_dead();
    platform->irq_restore(true);
    current->entry(current->arg);
    thread_exit();
}

struct thread *
thread_create_on(const char *name, void (*entry)(void *), void *arg, uintptr_t top)
{
    struct thread *t = kmalloc(sizeof(*t));

    if (!t)
        return NULL;
    size_t len = MIN(strlen(name), sizeof(t->name) - 1);
    memcpy(t->name, name, len);
    t->id = ++last_id;
    t->entry = entry;
    t->arg = arg;
    t->sp = cpu_stack_prepare(top, thread_begin);
    list_append(&all, &t->all);
    make_ready(t);
    return t;
}

struct thread *
thread_create(const char *name, void (*entry)(void *), void *arg, size_t stack_size)
{
    size_t size = PAGE_ALIGN(stack_size);
    char *base = pages_alloc_raw((size >> PAGE_SHIFT) + 1);

    if (!base)
        return NULL;
    int error = platform->protect(base, PAGE_SIZE, PAGE_NONE);
    struct thread *t = NULL;
    if (!error || error == -ENOTSUP)
        t = thread_create_on(name, entry, arg, (uintptr_t)base + PAGE_SIZE + size);
    if (!t) {
        if (!error)
            platform->protect(base, PAGE_SIZE, PAGE_RW);
        pages_free(base, (size >> PAGE_SHIFT) + 1);
        return NULL;
    }
    t->stack_base = (uintptr_t)base + PAGE_SIZE;
    t->stack_size = size;
    return t;
}

volatile bool program_runs;

bool
thread_others_ready(void)
{
    return !list_empty(&ready);
}

void
program_enter(void)
{
    if (!list_empty(&ready))
        timer_tick();
    program_runs = true;
    if (!defer_pending())
        return;
    /* From an interrupt between the caller's known point and here: it has to make do with a tick. */
    program_runs = false;
    timer_tick();
    program_runs = true;
}

void
thread_yield(void)
{
    make_ready(current);
    schedule();
}

_Noreturn void
thread_exit(void)
{
    list_remove(&current->all);
    if (list_empty(&all))
        kernel_exit(0);
    current->state = THREAD_DEAD;
    dead = current;
    schedule();
    panic("thread %s went on after its end", current->name);
}

struct thread *
thread_of_stack(uintptr_t address, bool *in_guard)
{
    list_foreach(at, &all)
    {
        struct thread *t = container_of(at, struct thread, all);
        uintptr_t guard = t->stack_base - PAGE_SIZE;
        if (!t->stack_size || address - guard >= t->stack_size + PAGE_SIZE)
            continue;
        *in_guard = address < t->stack_base;
        return t;
    }
    return NULL;
}

_Noreturn void
thread_start(void)
{
    schedule();
    panic("the boot stack was switched to");
}

/* ---- waiting ---- */

void
wait_queue_init(struct wait_queue *q)
{
    list_init(&q->waiters);
}

void
wait_join(struct wait_queue *q, struct waiter *w)
{
    w->thread = current;
    list_append(&q->waiters, &w->link);
}

void
wait_leave(struct waiter *w)
{
    list_remove(&w->link);
    current->woken = false;
}

static void
wake_thread(struct thread *t)
{
    t->woken = true;
    if (t->state == THREAD_BLOCKED)
        make_ready(t);
}

static void
time_is_up(void *arg)
{
    wake_thread(arg);
}

int
wait_sleep(uint64_t deadline)
{
    struct timer timer = {.fire = time_is_up, .arg = current};

    if (!current->woken && deadline != TIME_NEVER) {
        if (clock_now() >= deadline) {
            defer_run();
            return current->woken ? 0 : -ETIMEDOUT;
        }
        timer_set(&timer, deadline);
    }
    if (current->woken) {
        defer_run();
    } else {
        current->state = THREAD_BLOCKED;
        schedule();
    }
    current->woken = false;
    bool fired = timer.link.next && list_empty(&timer.link);
    timer_cancel(&timer);
    return fired ? -ETIMEDOUT : 0;
}

int
wait_on(struct wait_queue *q, uint64_t deadline)
{
    struct waiter w;

    wait_join(q, &w);
    int result = wait_sleep(deadline);
    wait_leave(&w);
    return result;
}

void
wake_one(struct wait_queue *q)
{
    bool found = false;

    list_foreach(at, &q->waiters)
    {
        struct waiter *w = container_of(at, struct waiter, link);
        if (!w->thread) {
            w->woken(w);
        } else if (!found && !w->thread->woken) {
            wake_thread(w->thread);
            found = true;
        }
    }
}

void
wake_all(struct wait_queue *q)
{
    list_foreach(at, &q->waiters)
    {
        struct waiter *w = container_of(at, struct waiter, link);
        if (w->thread)
            wake_thread(w->thread);
        else
            w->woken(w);
    }
}

void
thread_sleep(uint64_t ns)
{
    uint64_t deadline = clock_now() + ns;

    if (deadline < ns)
        deadline = TIME_NEVER;
    while (wait_sleep(deadline) != -ETIMEDOUT)
        continue;
}

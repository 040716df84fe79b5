/*
 * Threads, the one thing they wait on, and the deferred work that interrupts leave behind.
 *
 * One CPU, and the kernel is not preempted: in it a thread runs until it blocks, yields or ends, so data
 * that only the kernel's own code touches needs no lock. (The program's own code is: see below.)
 * Interrupt handlers record and do not work: they acknowledge their device and
 * defer_mark() a work item. The items run at the known points: when a thread blocks, yields
 * or makes a blocking system call, in the idle loop, and when an interrupt has found the program. They run on a stack of their own,
 * whoever reached the point, one at a time and never nested, must not block, and may wake
 * threads.
 *
 * So everything below is called from threads or deferred work with interrupts on, except
 * defer_mark, which may be called from anywhere.
 */
#ifndef KERNEL_THREAD_H
#define KERNEL_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "kernel/list.h"

#define THREAD_NAME_MAX 16

enum thread_state { THREAD_READY, THREAD_RUNNING, THREAD_BLOCKED, THREAD_DEAD };

struct thread {
    uintptr_t sp; /* while not running; the switch's frame lies there */
    enum thread_state state;
    struct list link;     /* in the run queue */
    struct list all;      /* in the list of all threads */
    uintptr_t stack_base; /* lowest usable byte; the guard page lies below it */
    size_t stack_size;    /* bytes; 0: stack not ours (boot, or made by the C library) */
    uintptr_t tls;        /* the C library's thread pointer, 0 if it has none */
    void *data;           /* what the C library glue keeps for its threads, else NULL */
    int id;               /* 1 is the first thread */
    bool woken;           /* a queue it had joined was woken, or its time is up */
    void (*entry)(void *);
    void *arg;
    uint64_t switches; /* times it was switched to */
    char name[THREAD_NAME_MAX];
};

/*
 * Make a thread that runs entry(arg) and ends when that returns. stack_size in bytes is
 * rounded up to pages; a guard page lies below where the platform has paging. The thread
 * frees its own memory when it ends. NULL when memory is short.
 */
struct thread *thread_create(const char *name, void (*entry)(void *), void *arg,
                             size_t stack_size);
/* The same on a stack that the caller owns; `top` is its upper end, 16-byte aligned. */
struct thread *thread_create_on(const char *name, void (*entry)(void *), void *arg,
                                uintptr_t top);
struct thread *thread_current(void);
/* Let the others run, and deferred work before them. */
void thread_yield(void);
/* End the running thread. When the last one ends the kernel exits with code 0. */
_Noreturn void thread_exit(void);
/* The thread whose stack (or guard page below it) holds `address`, or NULL. */
struct thread *thread_of_stack(uintptr_t address, bool *in_guard);
/* Nanoseconds in which no thread had anything to do. */
uint64_t thread_idle_time(void);
/* All threads, for the shell: call with NULL first. */
struct thread *thread_next(struct thread *after);
/* Set the running thread's C library thread pointer. */
void thread_set_tls(uintptr_t tls);
/*
 * Images with __thread data call this once: from then on a switch reloads the descriptor
 * behind %gs. Without it %gs stays on one window, whose first word is rewritten (a memory
 * store instead of a descriptor load).
 */
void thread_use_gs_base(void);

/* What %gs selects in an image without __thread data; offsets are the C library's. */
struct gs_window {
    uintptr_t self;         /* 0: thread pointer */
    uintptr_t unused[3];    /* 4, 8, 12 */
    uintptr_t system_call;  /* 16: what AT_SYSINFO names */
    uintptr_t stack_canary; /* 20 */
};
extern struct gs_window gs_window;

/* ---- waiting ---- */

/*
 * Something threads wait for. Whoever changes the condition wakes the queue; whoever waits
 * looks at the condition again. Zero-initialised by LIST_INIT through wait_queue_init.
 */
struct wait_queue {
    struct list waiters;
};

/* One thread on one queue; on the waiting thread's stack. poll() uses several at a time. Or
 * somebody who is told of each wake-up, by a function that must not block and may wake other
 * queues. */
struct waiter {
    struct list link;
    struct thread *thread;          /* NULL: it is not a thread that waits, */
    void (*woken)(struct waiter *); /* but this one is called */
};

#define WAIT_QUEUE_INIT(name)     \
    {                             \
        LIST_INIT((name).waiters) \
    }
void wait_queue_init(struct wait_queue *q);
/* Join a queue; nothing sleeps yet, so the condition can still be looked at afterwards. */
void wait_join(struct wait_queue *q, struct waiter *w);
/* Join and leave for somebody with `woken`, which is set. */
static inline void
wait_watch(struct wait_queue *q, struct waiter *w)
{
    w->thread = NULL;
    list_append(&q->waiters, &w->link);
}
static inline void
wait_unwatch(struct waiter *w)
{
    list_remove(&w->link);
}
/* Leave it. Forgets a wake-up, so leave every queue and then look at the condition again. */
void wait_leave(struct waiter *w);
/*
 * Sleep until a joined queue is woken or `deadline` (clock_now scale, TIME_NEVER) is past.
 * Returns 0 or -ETIMEDOUT; a wake between wait_join and here is not lost. Known point.
 */
int wait_sleep(uint64_t deadline);
/* Join, sleep, leave: for the usual `while (!condition) wait_on(...)`. */
int wait_on(struct wait_queue *q, uint64_t deadline);
/* Both may be called from deferred work; wake_one passes over threads that are awake. */
void wake_one(struct wait_queue *q);
void wake_all(struct wait_queue *q);
/* Sleep for a time; a known point even when `ns` is 0. */
void thread_sleep(uint64_t ns);

/* ---- the program ---- */

/*
 * True while the program's own code runs: not the kernel, nor what it calls. Then, and only then,
 * an interrupt's return is a known point at which another thread may go on. It says what the CPU
 * does, not what a thread does: threads change while it is false. Whoever comes from the program
 * into the kernel clears it (a system call's door, a trap), and sets it on the way back by
 * program_enter(), having passed a known point. While others are ready, that asks for a tick.
 */
extern volatile bool program_runs;
void program_enter(void);
/* Is somebody ready beside the running thread? */
bool thread_others_ready(void);

/* ---- deferred work ---- */

struct deferred {
    void (*run)(void *arg);
    void *arg;
    struct deferred *next; /* in the pending list */
    volatile bool pending;
};

/* Have d->run(d->arg) called at the next known point; marking twice runs it once. Any
 * context, interrupt handlers included. The storage must outlive the run: see defer_cancel. */
void defer_mark(struct deferred *d);
/* Take it back if it has not run yet (before its storage is freed). */
void defer_cancel(struct deferred *d);
/* A known point that does nothing else: runs what is pending. Does nothing when called from
 * deferred work itself. */
void defer_run(void);
/* Something waits for the next known point. */
bool defer_pending(void);
/* True while an item runs: code that must not block there asserts it. */
bool defer_running(void);

/* ---- timers ---- */

struct timer {
    struct list link; /* in deadline order */
    uint64_t deadline;
    void (*fire)(void *arg); /* runs as deferred work */
    void *arg;
};

/* Arm (again) for `deadline`; fires once. The storage must live until it fired or
 * timer_cancel. A zeroed struct is a timer that is not armed. */
void timer_set(struct timer *t, uint64_t deadline);
void timer_cancel(struct timer *t);
/* Have a timer interrupt within TICK, once: with the program running, that is a known point. */
void timer_tick(void);
#define TICK (4 * NSEC_PER_MSEC)
/* kmain's: from here on the timer also looks for threads that never let go (watch.h). */
void timer_start(void);

/* kmain's last call: leaves the boot stack for the first thread that was made. */
_Noreturn void thread_start(void);

#endif

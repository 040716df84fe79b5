/*
 * One more thread for calls that may block: reads from a disk that are not in memory, and
 * syncs. It is made before the filter and then waits on a futex. Jobs go to it over one list
 * and come back over another; both are taken whole, so a single exchange is all the locking
 * there is. When something has come back, the vCPU thread is nudged.
 *
 * The thread uses system calls only: nothing of the C library that needs more than errno.
 */
#include <linux/futex.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "launcher/guest.h"
#include "launcher/launcher.h"

static _Atomic(struct job *) submitted, finished;
static _Atomic uint32_t submissions; /* counts up; what the thread sleeps on */

static void
futex(int operation, uint32_t value)
{
    syscall(SYS_futex, &submissions, operation | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

static void
push(_Atomic(struct job *) *list, struct job *job)
{
    job->next = atomic_load(list);
    while (!atomic_compare_exchange_weak(list, &job->next, job))
        continue;
}

/* Takes the whole list, oldest first. */
static struct job *
take(_Atomic(struct job *) *list)
{
    struct job *newest = atomic_exchange(list, NULL), *oldest = NULL;
    while (newest) {
        struct job *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}

static void
work(void)
{
    for (;;) {
        uint32_t seen = atomic_load(&submissions);
        struct job *job = take(&submitted);
        if (!job)
            futex(FUTEX_WAIT, seen);
        while (job) {
            struct job *next = job->next;
            job->run(job);
            push(&finished, job);
            interrupt_nudge();
            job = next;
        }
    }
}

void
worker_setup(void)
{
    static struct thread thread;
    if (thread.run)
        return;
    thread.run = work;
    thread_start(&thread);
}

void
worker_submit(struct job *job)
{
    push(&submitted, job);
    atomic_fetch_add(&submissions, 1);
    futex(FUTEX_WAKE, 1);
}

void
worker_reap(void)
{
    if (!atomic_load_explicit(&finished, memory_order_relaxed))
        return;
    struct job *job = take(&finished);
    while (job) {
        struct job *next = job->next;
        job->done(job);
        job = next;
    }
}

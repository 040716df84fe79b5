/*
 * How the launcher's few threads begin: with all signals blocked, since every signal that means
 * something is the vCPU thread's, and on a small stack. The C library makes calls at a thread's
 * start that the filter does not allow, so the filter waits for all of them to have begun;
 * until then the vCPU thread has other things to do.
 */
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "launcher/launcher.h"

#define STACK (64 * 1024)

static uint32_t started;
static _Atomic uint32_t running; /* a futex too */

static void *
begin(void *argument)
{
    struct thread *thread = argument;
    thread->id = syscall(SYS_gettid);
    atomic_fetch_add(&running, 1);
    syscall(SYS_futex, &running, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    thread->run();
    return NULL;
}

void
thread_start(struct thread *thread)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_t handle;
    int error = pthread_create(&handle, &attributes, begin, thread);
    if (error)
        die("cannot make a thread: %s", strerror(error));
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    started++;
}

void
thread_wait_all(void)
{
    uint32_t n;
    while ((n = atomic_load(&running)) < started)
        syscall(SYS_futex, &running, FUTEX_WAIT_PRIVATE, n, NULL, NULL, 0);
}

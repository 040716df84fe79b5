/*
 * How the launcher's few threads begin: all signals blocked, since every signal that means
 * something is the vCPU thread's, and a small stack.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include "launcher/launcher.h"

#define STACK (64 * 1024)

void
thread_start(void *(*run)(void *))
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_t thread;
    int error = pthread_create(&thread, &attributes, run, NULL);
    if (error)
        die("cannot make a thread: %s", strerror(error));
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

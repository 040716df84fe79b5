/* pthreads: starting and joining, locks, conditions, thread-local data, cancelling. */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "libctest.h"

#define THREADS 8

static __thread int local = 42;
static __thread char larger[300]; /* more than musl keeps room for */
static __thread int aligned[4] __attribute__((aligned(64)));
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int shared, done;

static void *
count(void *arg)
{
    int id = *(int *)arg;

    if (local != 42 || larger[299] != 0 || aligned[3] != 0 || (uintptr_t)aligned % 64)
        return NULL;
    aligned[0] = aligned[3] = -1;
    local = id;
    memset(larger, id, sizeof(larger));
    for (int i = 0; i < 100; i++) {
        pthread_mutex_lock(&lock);
        int was = shared;
        if (i % 10 == 0)
            sched_yield(); /* with the lock held: the others must wait */
        shared = was + 1;
        pthread_mutex_unlock(&lock);
        if (local != id || larger[7] != id)
            return NULL;
    }
    pthread_mutex_lock(&lock);
    done++;
    pthread_cond_signal(&condition);
    pthread_mutex_unlock(&lock);
    return arg;
}

static void
threads_count(void)
{
    pthread_t threads[THREADS];
    int ids[THREADS];
    void *result;

    shared = done = 0;
    for (int i = 0; i < THREADS; i++) {
        ids[i] = i + 1;
        CHECK(pthread_create(&threads[i], NULL, count, &ids[i]) == 0);
    }
    pthread_mutex_lock(&lock);
    while (done < THREADS)
        pthread_cond_wait(&condition, &lock);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], &result) == 0);
        CHECK(result == &ids[i]);
    }
    CHECK(shared == THREADS * 100 && local == 42);
}

static sem_t finished;

static void *
post(void *arg)
{
    sem_post(&finished);
    return arg;
}

/* 200 stacks of 136 KiB are more than there is, unless each is given back. */
static void
detached_threads_leave_nothing(void)
{
    pthread_attr_t attributes;
    pthread_t thread;

    CHECK(sem_init(&finished, 0, 0) == 0);
    CHECK(pthread_attr_init(&attributes) == 0);
    CHECK(pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0);
    for (int i = 0; i < 200; i++) {
        CHECK(pthread_create(&thread, &attributes, post, NULL) == 0);
        CHECK(sem_wait(&finished) == 0);
    }
}

static void
waits_have_an_end(void)
{
    struct timespec at;

    clock_gettime(CLOCK_REALTIME, &at);
    at.tv_nsec += 2000000;
    at.tv_sec += at.tv_nsec / 1000000000;
    at.tv_nsec %= 1000000000;
    pthread_mutex_lock(&lock);
    CHECK(pthread_cond_timedwait(&condition, &lock, &at) == ETIMEDOUT);
    pthread_mutex_unlock(&lock);
    CHECK(sem_init(&finished, 0, 0) == 0);
    CHECK(sem_timedwait(&finished, &at) == -1 && errno == ETIMEDOUT);
}

static bool cleaned;

static void
clean(void *arg)
{
    (void)arg;
    cleaned = true;
}

static void *
sleep_long(void *arg)
{
    pthread_cleanup_push(clean, NULL);
    sem_post(&finished);
    sleep(1000);
    pthread_cleanup_pop(0);
    return arg;
}

static void
cancel_wakes_a_sleeper(void)
{
    pthread_t thread;
    void *result;

    cleaned = false;
    CHECK(sem_init(&finished, 0, 0) == 0);
    CHECK(pthread_create(&thread, NULL, sleep_long, NULL) == 0);
    CHECK(sem_wait(&finished) == 0);
    CHECK(pthread_cancel(thread) == 0);
    CHECK(pthread_join(thread, &result) == 0);
    CHECK(result == PTHREAD_CANCELED && cleaned);
}

static pthread_barrier_t barrier;
static pthread_rwlock_t guard = PTHREAD_RWLOCK_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int times_once;

static void
count_once(void)
{
    times_once++;
}

static void *
meet(void *arg)
{
    pthread_once(&once, count_once);
    pthread_rwlock_rdlock(&guard);
    pthread_barrier_wait(&barrier); /* all inside at once, as readers may be */
    pthread_rwlock_unlock(&guard);
    return arg;
}

static void
barriers_and_rwlocks(void)
{
    pthread_t threads[3];

    CHECK(pthread_barrier_init(&barrier, NULL, 4) == 0);
    for (int i = 0; i < 3; i++)
        CHECK(pthread_create(&threads[i], NULL, meet, NULL) == 0);
    meet(NULL);
    for (int i = 0; i < 3; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(times_once == 1);
    CHECK(pthread_rwlock_wrlock(&guard) == 0);
    CHECK(pthread_rwlock_unlock(&guard) == 0);
}

#define FUTEX_WAIT        0
#define FUTEX_WAKE        1
#define FUTEX_CMP_REQUEUE 4

static int here, there, woken;

static void *
wait_here(void *arg)
{
    if (syscall(SYS_futex, &here, FUTEX_WAIT, 0, NULL) == 0)
        woken++;
    return arg;
}

/* One is woken and all others move, which is what "at most INT_MAX" says. */
static void
futex_moves_sleepers(void)
{
    pthread_t threads[3];

    for (int i = 0; i < 3; i++)
        CHECK(pthread_create(&threads[i], NULL, wait_here, NULL) == 0);
    usleep(20000); /* they sleep now, whoever was preempted on the way */
    CHECK(syscall(SYS_futex, &here, FUTEX_CMP_REQUEUE, 1, INT_MAX, &there, 0) == 3);
    CHECK(syscall(SYS_futex, &here, FUTEX_WAKE, INT_MAX) == 0);
    for (int i = 0; i < 1000 && woken == 0; i++)
        usleep(1000);
    CHECK(woken == 1);
    CHECK(syscall(SYS_futex, &there, FUTEX_WAKE, INT_MAX) == 2);
    for (int i = 0; i < 3; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(woken == 3);
}

void
thread_tests(void)
{
    RUN(threads_count);
    RUN(detached_threads_leave_nothing);
    RUN(waits_have_an_end);
    RUN(cancel_wakes_a_sleeper);
    RUN(barriers_and_rwlocks);
    RUN(futex_moves_sleepers);
}

/* Threads, their data and their locks, as the C library makes them of clone and futex. */
#define _GNU_SOURCE
#include "check.h"
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define THREADS 8
#define TURNS   2000

static __thread int own = 7;
static __thread char own_block[3000];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ready = PTHREAD_COND_INITIALIZER;
static int counter, waiting, go;

static void *
count(void *arg)
{
    long id = (long)arg;

    CHECK(own == 7 && own_block[2999] == 0);
    own = (int)id;
    own_block[2999] = (char)id;
    double sum = (double)id;
    for (int i = 0; i < TURNS; i++) {
        pthread_mutex_lock(&lock);
        counter++;
        if (i % 50 == 0)
            sched_yield();
        pthread_mutex_unlock(&lock);
        sum += 0.5;
        if (i % 100 == 0)
            sched_yield();
    }
    CHECK(own == id && own_block[2999] == (char)id);
    CHECK(sum == (double)id + TURNS / 2);
    return (void *)(id * 3);
}

static void *
wait_for_go(void *arg)
{
    pthread_mutex_lock(&lock);
    waiting++;
    while (!go)
        pthread_cond_wait(&ready, &lock);
    waiting--;
    pthread_mutex_unlock(&lock);
    return arg;
}

static void *
detached(void *arg)
{
    char *block = malloc(50000);
    memset(block, 1, 50000);
    free(block);
    sem_post(arg);
    return NULL;
}

static void *
sleeper(void *arg)
{
    for (;;)
        sleep(10);
    return arg;
}

int
main(void)
{
    pthread_t threads[THREADS];
    void *result;

    CHECK(syscall(SYS_gettid) == getpid());
    for (long i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, count, (void *)i) == 0);
    for (long i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], &result) == 0 && result == (void *)(i * 3));
    CHECK(counter == THREADS * TURNS && own == 7);

    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, wait_for_go, NULL) == 0);
    while (waiting < THREADS)
        usleep(1000);
    pthread_mutex_lock(&lock);
    go = 1;
    pthread_cond_broadcast(&ready);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(waiting == 0);

    sem_t ended;
    pthread_attr_t attributes;
    sem_init(&ended, 0, 0);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, 64 * 1024);
    for (int i = 0; i < 200; i++) {
        CHECK(pthread_create(&threads[0], &attributes, detached, &ended) == 0);
        CHECK(sem_wait(&ended) == 0);
    }

    CHECK(pthread_create(&threads[0], NULL, sleeper, NULL) == 0);
    usleep(1000);
    CHECK(pthread_cancel(threads[0]) == 0);
    CHECK(pthread_join(threads[0], &result) == 0 && result == PTHREAD_CANCELED);

    struct timespec soon;
    clock_gettime(CLOCK_REALTIME, &soon);
    soon.tv_nsec += 20000000;
    if (soon.tv_nsec >= 1000000000)
        soon.tv_sec++, soon.tv_nsec -= 1000000000;
    CHECK(sem_timedwait(&ended, &soon) == -1 && errno == ETIMEDOUT);
    return done(0);
}

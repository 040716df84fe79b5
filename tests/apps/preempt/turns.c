/* Who gets a turn beside somebody who computes. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "preempt.h"

#define MSEC 1000000u

static int
by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* The median of eleven sleeps of 10 ms. */
static uint64_t
sleep_of_10_ms(void)
{
    struct timespec span = {0, 10 * MSEC};
    uint64_t took[11];

    for (int i = 0; i < 11; i++) {
        uint64_t begin = now_ns();
        nanosleep(&span, NULL);
        took[i] = now_ns() - begin;
    }
    qsort(took, 11, sizeof(*took), by_size);
    return took[5];
}

/*
 * Who computes does so without an end: a sleeper that had to wait for that would never come back. The limit is wide,
 * since the machine under the machine may have too much to do; the figures printed are for docs/status.md. Some
 * machines have coarse clocks.
 */
static void
a_sleeper_wakes_in_time(void)
{
    static volatile bool stop;
    uint64_t alone = sleep_of_10_ms(), took;
    uint64_t limit = 200 * MSEC + (alone > 10 * MSEC ? alone - 10 * MSEC : 0);
    pthread_t threads[2];

    for (int count = 1; count <= 2; count++) {
        stop = false;
        for (int i = 0; i < count; i++)
            CHECK(pthread_create(&threads[i], NULL, compute, (void *)&stop) == 0);
        took = sleep_of_10_ms();
        stop = true;
        for (int i = 0; i < count; i++)
            CHECK(pthread_join(threads[i], NULL) == 0);
        printf("a sleep of 10 ms beside %d: %u us\n", count, (unsigned)(took / 1000));
        CHECK(took >= 10 * MSEC && took < limit);
    }
}

static volatile bool flag, answer;

static void *
set_flag(void *unused)
{
    while (!flag)
        continue;
    answer = true;
    return unused;
}

static void
spinning_on_a_flag_ends(void)
{
    pthread_t thread;

    flag = answer = false;
    CHECK(pthread_create(&thread, NULL, set_flag, NULL) == 0);
    flag = true;
    while (!answer)
        continue;
    CHECK(pthread_join(thread, NULL) == 0);
}

static volatile unsigned counts[3];
static volatile bool enough;

static void *
count(void *arg)
{
    volatile unsigned *mine = arg;

    while (!enough)
        ++*mine;
    return NULL;
}

/* Nobody gets much less than another one; the machine below takes turns as well. */
static void
turns_are_fair(void)
{
    struct timespec span = {0, 300 * MSEC};
    pthread_t threads[3];

    enough = false;
    for (int i = 0; i < 3; i++)
        CHECK(pthread_create(&threads[i], NULL, count, (void *)&counts[i]) == 0);
    nanosleep(&span, NULL);
    enough = true;
    for (int i = 0; i < 3; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    for (int i = 0; i < 3; i++)
        CHECK(counts[i] > counts[(i + 1) % 3] / 10);
}

/* malloc's lock, and stdio's: who holds it may be interrupted, and the others wait in a futex. */
static void *
allocate(void *arg)
{
    unsigned seed = (unsigned)(uintptr_t)arg;
    void *blocks[16] = {0};
    uintptr_t wrong = 0;

    while (!enough) {
        int i = rand_r(&seed) % 16;
        if (blocks[i] && *(uint8_t *)blocks[i] != (uint8_t)(uintptr_t)arg)
            wrong++;
        free(blocks[i]);
        blocks[i] = malloc((size_t)(rand_r(&seed) % 5000) + 1);
        if (blocks[i])
            *(uint8_t *)blocks[i] = (uint8_t)(uintptr_t)arg;
    }
    for (int i = 0; i < 16; i++)
        free(blocks[i]);
    return (void *)wrong;
}

static void
malloc_is_shared(void)
{
    struct timespec span = {0, 500 * MSEC};
    pthread_t threads[3];
    void *wrong;

    enough = false;
    for (uintptr_t i = 0; i < 3; i++)
        CHECK(pthread_create(&threads[i], NULL, allocate, (void *)(i + 1)) == 0);
    nanosleep(&span, NULL);
    enough = true;
    for (int i = 0; i < 3; i++) {
        CHECK(pthread_join(threads[i], &wrong) == 0);
        CHECK(!wrong);
    }
}

static volatile unsigned ended;

static void *
end_at_once(void *unused)
{
    ended++;
    return unused;
}

/* Their stacks are unmapped by themselves, with one more step to go. */
static void
detached_threads_end(void)
{
    static volatile bool stop;
    pthread_attr_t attributes;
    pthread_t thread, busy;
    unsigned made = 0;

    CHECK(pthread_attr_init(&attributes) == 0);
    CHECK(pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0);
    CHECK(pthread_create(&busy, NULL, compute, (void *)&stop) == 0);
    for (int i = 0; i < 200; i++)
        made += pthread_create(&thread, &attributes, end_at_once, NULL) == 0;
    for (int i = 0; i < 1000 && ended < made; i++)
        usleep(1000);
    stop = true;
    CHECK(pthread_join(busy, NULL) == 0);
    CHECK(made == 200 && ended == 200);
}

void
turn_tests(void)
{
    RUN(a_sleeper_wakes_in_time);
    RUN(spinning_on_a_flag_ends);
    RUN(turns_are_fair);
    RUN(malloc_is_shared);
    RUN(detached_threads_end);
}

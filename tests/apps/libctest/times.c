/* Clocks, calendars, sleeping, and randomness. No test here asks how long anything takes. */
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include "libctest.h"

static bool
is_before(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec <= b->tv_nsec);
}

static void
clocks_go_forward(void)
{
    struct timespec before, after;
    struct timeval wall;

    CHECK(clock_gettime(CLOCK_MONOTONIC, &before) == 0);
    for (int i = 0; i < 1000; i++) {
        CHECK(clock_gettime(CLOCK_MONOTONIC, &after) == 0);
        CHECK(is_before(&before, &after));
        before = after;
    }
    CHECK(gettimeofday(&wall, NULL) == 0 && wall.tv_sec == time(NULL));
    CHECK(clock_getres(CLOCK_MONOTONIC, &after) == 0 && after.tv_nsec > 0);
    CHECK(clock_gettime(99, &after) == -1 && errno == EINVAL);
}

static void
sleeps_long_enough(void)
{
    struct timespec span = {0, 3000000}, before, after, bad = {0, 1000000000};

    CHECK(clock_gettime(CLOCK_MONOTONIC, &before) == 0);
    CHECK(nanosleep(&span, NULL) == 0);
    CHECK(clock_gettime(CLOCK_MONOTONIC, &after) == 0);
    long long ns =
        (after.tv_sec - before.tv_sec) * 1000000000ll + after.tv_nsec - before.tv_nsec;
    CHECK(ns >= 3000000);
    after.tv_nsec += 1000000;
    after.tv_sec += after.tv_nsec / 1000000000;
    after.tv_nsec %= 1000000000;
    CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &after, NULL) == 0);
    CHECK(clock_gettime(CLOCK_MONOTONIC, &span) == 0);
    CHECK(is_before(&after, &span));
    CHECK(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &before, NULL) == 0); /* long past */
    CHECK(nanosleep(&bad, NULL) == -1 && errno == EINVAL);
}

static void
calendar(void)
{
    time_t t = 951782400 + 3661; /* 29 February 2000, 01:01:01 */
    struct tm tm;
    char text[64];

    CHECK(gmtime_r(&t, &tm) && tm.tm_year == 100 && tm.tm_mon == 1 && tm.tm_mday == 29);
    CHECK(strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %a", &tm) > 0);
    CHECK(strcmp(text, "2000-02-29 01:01:01 Tue") == 0);
    CHECK(mktime(&tm) == t);
}

/* With a source the bytes differ, without one the call fails: it never invents any. */
static void
randomness(void)
{
    unsigned char a[32] = {0}, b[32] = {0};

    if (getentropy(a, sizeof(a)) == -1) {
        CHECK(errno == EIO);
        CHECK(getrandom(b, sizeof(b), 0) == -1 && errno == EIO);
        return;
    }
    CHECK(getrandom(b, sizeof(b), 0) == sizeof(b) && memcmp(a, b, sizeof(a)) != 0);
}

void
time_tests(void)
{
    RUN(clocks_go_forward);
    RUN(sleeps_long_enough);
    RUN(calendar);
    RUN(randomness);
}

/* Clocks and sleeping: which there are, what is no time, that none goes backwards. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>
#include "show.h"

static int
is_after(struct timespec a, struct timespec b)
{
    return a.tv_sec > b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec >= b.tv_nsec);
}

static void
reading_clocks(void)
{
    static const clockid_t ids[] = {CLOCK_REALTIME,           CLOCK_MONOTONIC,
                                    CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID,
                                    CLOCK_MONOTONIC_RAW,      CLOCK_REALTIME_COARSE,
                                    CLOCK_MONOTONIC_COARSE,   CLOCK_BOOTTIME};
    struct timespec now, before = {0, 0};
    int backwards = 0;

    for (unsigned i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        SHOW(clock_gettime(ids[i], &now));
        SHOW_TRUTH(now.tv_nsec >= 0 && now.tv_nsec < 1000000000);
        SHOW(clock_getres(ids[i], &now));
    }
    SHOW(clock_gettime(77, &now));
    SHOW(clock_getres(77, &now));
    SHOW(clock_getres(CLOCK_MONOTONIC, NULL));
    for (int i = 0; i < 1000; i++) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        backwards += !is_after(now, before);
        before = now;
    }
    SHOW(backwards);
    SHOW_TRUTH(time(NULL) > 1600000000);
    SHOW_TRUTH(clock() >= 0);
    SHOW_TRUTH(times(NULL) != -1);
}

static void
sleeping(void)
{
    struct timespec start, end, span = {0, 2000000}, left = {7, 7};

    clock_gettime(CLOCK_MONOTONIC, &start);
    SHOW(nanosleep(&span, &left));
    clock_gettime(CLOCK_MONOTONIC, &end);
    SHOW_TRUTH(is_after(end, (struct timespec){start.tv_sec, start.tv_nsec + 2000000}));
    SHOW(left.tv_sec);
    SHOW(nanosleep(&(struct timespec){0, -1}, NULL));
    SHOW(nanosleep(&(struct timespec){0, 1000000000}, NULL));
    SHOW(nanosleep(&(struct timespec){-1, 0}, NULL));
    SHOW(nanosleep(&(struct timespec){0, 0}, NULL));
    SHOW_CODE(clock_nanosleep(CLOCK_MONOTONIC, 0, &span, NULL));
    SHOW_CODE(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &start, NULL));
    SHOW_CODE(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &start, NULL));
    SHOW_CODE(clock_nanosleep(77, 0, &span, NULL));
    SHOW_CODE(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &span, NULL));
    SHOW_CODE(clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){0, -1}, NULL));
    SHOW(usleep(1000));
    SHOW(sleep(0));
}

static void
calendar(void)
{
    time_t then = 1000000000;
    struct tm parts;
    char text[64];

    SHOW_TEXT(asctime_r(gmtime_r(&then, &parts), text) ? strtok(text, "\n") : NULL);
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    SHOW(localtime_r(&then, &parts)->tm_hour);
    SHOW(mktime(&parts));
    SHOW(strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %Z %j %a", &parts));
    SHOW_TEXT(text);
    unsetenv("TZ");
}

/* Clocks that are named by whose processor time they tell. */
static void
processor_clocks(void)
{
    struct timespec now;
    clockid_t id;

    SHOW_CODE(clock_getcpuclockid(0, &id));
    SHOW(clock_gettime(id, &now));
    SHOW(clock_getres(id, &now));
    SHOW_CODE(clock_getcpuclockid(getpid(), &id));
    SHOW(clock_gettime(id, &now));
    SHOW_TRUTH(now.tv_sec < 1000);
    SHOW_CODE(clock_getcpuclockid(123456789, &id));
    SHOW_CODE(pthread_getcpuclockid(pthread_self(), &id));
    SHOW(clock_gettime(id, &now));
    SHOW(clock_gettime((clockid_t)(~123456789u << 3 | 6), &now));
    SHOW(clock_gettime((clockid_t)(~1u << 3 | 3), &now));
}

static void
setting(void)
{
    struct timespec now = {0, -1};

    SHOW(clock_settime(CLOCK_MONOTONIC, &now));
    SHOW(clock_settime(77, &now));
}

void
clocks(void)
{
    reading_clocks();
    sleeping();
    calendar();
    processor_clocks();
    setting();
}

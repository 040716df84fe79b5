/*
 * Does time pass as it should, whatever clock the machine has? Leaves with the number of
 * failures. Meant for hosts whose clock stands still between interrupts, but true everywhere;
 * nothing here asks how fast the machine is.
 */
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define MS       1000000ll
#define CHANGES  20           /* different readings that a loop waits for */
#define PATIENCE 1000000000u  /* readings of a clock that stands still */
#define SLEEP    (30 * MS)    /* a few ticks of such a clock */
#define SILENCE  (100 * MS)   /* so long that its last tick is over */
#define TOO_LATE (30000 * MS) /* nobody is woken that late, on however busy a machine */
#define ROUNDS   10

static int failures;

static void
result(int good, const char *what)
{
    printf("%s %s\n", good ? "ok" : "FAIL", what);
    failures += !good;
}

static int64_t
now(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return time.tv_sec * 1000 * MS + time.tv_nsec;
}

/* A loop that reads the clock and does nothing else, as one that waits for a device would. */
static void
busy(clockid_t clock, const char *name)
{
    int64_t last = now(clock);
    unsigned changes = 0, readings = 0;
    int backwards = 0;

    while (changes < CHANGES && ++readings < PATIENCE) {
        int64_t time = now(clock);
        backwards += time < last;
        changes += time != last;
        last = time;
    }
    result(changes == CHANGES && !backwards, name);
}

/* By the clock that tells how long it was; every other one through a different call. */
static void
sleeps(void)
{
    int early = 0, late = 0;

    for (int i = 0; i < ROUNDS; i++) {
        struct timespec span = {0, SLEEP};
        int64_t start = now(CLOCK_MONOTONIC);
        if (i % 2)
            poll(NULL, 0, SLEEP / MS);
        else
            nanosleep(&span, NULL);
        int64_t slept = now(CLOCK_MONOTONIC) - start;
        early += slept < SLEEP;
        late += slept > TOO_LATE;
    }
    result(!early, "no sleep ends early");
    result(!late, "every sleep ends");
}

static void
after_silence(void)
{
    struct timespec span = {0, SILENCE};
    int64_t start = now(CLOCK_MONOTONIC);

    nanosleep(&span, NULL);
    result(now(CLOCK_MONOTONIC) - start >= SILENCE, "time passes while nobody looks");
    busy(CLOCK_MONOTONIC, "and goes on when somebody does");
}

int
main(void)
{
    busy(CLOCK_MONOTONIC, "the monotonic clock goes on in a busy loop");
    busy(CLOCK_REALTIME, "so does the calendar's");
    sleeps();
    after_silence();
    printf("%d failures\n", failures);
    return failures;
}

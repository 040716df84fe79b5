/* poll and select: what is ready, what is not open, spans of time that are none. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>
#include "show.h"

static int ends[2];

static void
polls(void)
{
    struct pollfd entries[4] = {
        {ends[0], POLLIN, 0}, {ends[1], POLLOUT, 0}, {-1, POLLIN, 7}, {99, POLLIN, 0}};
    struct timespec bad = {0, 1000000000}, negative = {-1, 0}, short_time = {0, 1000};

    SHOW(poll(entries, 4, 0));
    SHOW(entries[0].revents);
    SHOW(entries[1].revents);
    SHOW(entries[2].revents);
    SHOW(entries[3].revents);
    SHOW(poll(entries, 1, 1));
    SHOW(poll(NULL, 0, 1));
    SHOW(write(ends[1], "x", 1));
    SHOW(poll(entries, 3, -1));
    entries[0].events = POLLIN | POLLRDNORM | POLLPRI | POLLRDHUP;
    SHOW(poll(entries, 1, 0));
    SHOW(entries[0].revents);
    entries[0].events = 0;
    SHOW(poll(entries, 1, 0));
    SHOW(poll(entries, 1 << 24, 0));
    SHOW(ppoll(entries, 1, &bad, NULL));
    SHOW(ppoll(entries, 1, &negative, NULL));
    SHOW(ppoll(entries, 1, &short_time, NULL));
}

static void
selects(void)
{
    struct timeval now = {0, 0}, bad = {-1, 0}, odd = {0, 2000000}, soon = {0, 1000};
    fd_set readable, writable, odd_ones;

    FD_ZERO(&readable);
    FD_ZERO(&writable);
    FD_ZERO(&odd_ones);
    FD_SET(ends[0], &readable);
    FD_SET(ends[1], &writable);
    FD_SET(ends[0], &odd_ones);
    SHOW(select(ends[1] + 1, &readable, &writable, &odd_ones, &now));
    SHOW(FD_ISSET(ends[0], &readable) != 0);
    SHOW(FD_ISSET(ends[1], &writable) != 0);
    SHOW(FD_ISSET(ends[0], &odd_ones) != 0);
    SHOW(select(-1, NULL, NULL, NULL, &now));
    SHOW(select(0, NULL, NULL, NULL, &bad));
    SHOW(select(0, NULL, NULL, NULL, &odd));
    SHOW(select(0, NULL, NULL, NULL, &soon));
    FD_SET(50, &readable);
    SHOW(select(51, &readable, NULL, NULL, &now));
    FD_CLR(50, &readable);
    FD_SET(ends[0], &readable);
    SHOW(select(ends[0], &readable, NULL, NULL, &now)); /* n is one too small */
    FD_SET(ends[0], &readable);
    SHOW(pselect(ends[1] + 1, &readable, NULL, NULL, NULL, NULL));
}

static void *
write_later(void *unused)
{
    usleep(20000);
    write(ends[1], "y", 1);
    return unused;
}

static void
woken(void)
{
    struct pollfd entry = {ends[0], POLLIN, 0};
    pthread_t thread;
    fd_set readable;
    char byte;

    SHOW(read(ends[0], &byte, 1));
    SHOW_CODE(pthread_create(&thread, NULL, write_later, NULL));
    SHOW(poll(&entry, 1, -1));
    SHOW(entry.revents);
    SHOW(read(ends[0], &byte, 1));
    SHOW_CODE(pthread_join(thread, NULL));
    SHOW_CODE(pthread_create(&thread, NULL, write_later, NULL));
    FD_ZERO(&readable);
    FD_SET(ends[0], &readable);
    SHOW(select(ends[0] + 1, &readable, NULL, NULL, NULL));
    SHOW(read(ends[0], &byte, 1));
    SHOW_CODE(pthread_join(thread, NULL));
}

static volatile int handled;

static void
count(int number)
{
    (void)number;
    handled++;
}

/* The mask of ppoll lets a signal in that waits already, and only while the call lasts. */
static void
with_a_mask(void)
{
    struct pollfd entry = {ends[0], POLLIN, 0};
    struct timespec second = {1, 0};
    sigset_t all, none, now;
    fd_set readable;

    signal(SIGUSR1, count);
    sigfillset(&all);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &all, NULL);
    raise(SIGUSR1);
    SHOW(ppoll(&entry, 1, &second, &none));
    SHOW(handled);
    sigprocmask(SIG_SETMASK, NULL, &now);
    SHOW(sigismember(&now, SIGUSR1));
    raise(SIGUSR1);
    FD_ZERO(&readable);
    FD_SET(ends[0], &readable);
    SHOW(pselect(ends[0] + 1, &readable, NULL, NULL, &second, &none));
    SHOW(handled);
    SHOW(ppoll(&entry, 1, &(struct timespec){0, 0}, &all));
    sigprocmask(SIG_SETMASK, &none, NULL);
}

void
waits(void)
{
    SHOW(pipe(ends));
    polls();
    selects();
    woken();
    with_a_mask();
    SHOW(close(ends[0]));
    SHOW(close(ends[1]));
}

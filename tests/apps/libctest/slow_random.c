/*
 * A host that gives eight random bytes every two seconds: nobody gets any before there are enough,
 * who may not wait is told so, who waits can be interrupted and stops nobody else.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include "libctest.h"

static volatile unsigned turns;

static void *
count_turns(void *unused)
{
    for (;; turns++)
        usleep(1000);
    return unused;
}

static void
on_alarm(int number)
{
    (void)number;
}

static int
refused(int fd)
{
    unsigned char byte;

    return getrandom(&byte, 1, GRND_NONBLOCK) == -1 && errno == EAGAIN &&
           read(fd, &byte, 1) == -1 && errno == EAGAIN;
}

/* 42, or which step was wrong. */
int
slow_random(void)
{
    unsigned char a[300] = {0}, b[300] = {0};
    struct sigaction interrupt = {.sa_handler = on_alarm};
    int fd = open("/dev/random", O_RDONLY | O_NONBLOCK);
    pthread_t other;

    if (fd < 0 || pthread_create(&other, NULL, count_turns, NULL))
        return 1;
    if (!refused(fd))
        return 2;
    sigaction(SIGALRM, &interrupt, NULL);
    alarm(1);
    if (getrandom(a, sizeof(a), 0) != -1 || errno != EINTR)
        return 3;
    if (!refused(fd))
        return 4;
    unsigned before = turns;
    if (getrandom(a, sizeof(a), 0) != sizeof(a) || turns - before < 100)
        return 5;
    if (read(fd, b, sizeof(b)) != sizeof(b) || memcmp(a, b, sizeof(a)) == 0)
        return 6;
    return getrandom(b, sizeof(b), GRND_NONBLOCK) == sizeof(b) ? 42 : 7;
}

/* Queues of messages: names, limits, order, what waits and for how long, who is told of one. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "show.h"

#define NAME "/ringlet-semantics"

static char text[64];
static struct mq_attr attributes;
static unsigned priority;
static volatile sig_atomic_t told, code, value;

static mqd_t
make(const char *name, int flags, long messages, long size)
{
    attributes = (struct mq_attr){.mq_maxmsg = messages, .mq_msgsize = size};
    return mq_open(name, flags, 0600, &attributes);
}

static const char *
long_name(int len)
{
    static char name[300];

    memset(name, 'n', sizeof(name));
    name[0] = '/';
    name[len + 1] = '\0';
    return name;
}

/* What is received now; its priority is in `priority`. */
static const char *
next(mqd_t q)
{
    memset(text, 0, sizeof(text));
    return mq_receive(q, text, sizeof(text), &priority) < 0 ? NULL : text;
}

static int
ready(mqd_t q)
{
    struct pollfd entry = {q, POLLIN | POLLOUT, 0};

    poll(&entry, 1, 0);
    return entry.revents;
}

static void
opening(void)
{
    SHOW(mq_unlink(NAME));
    SHOW(mq_open(NAME, O_RDWR));
    SHOW(make("/", O_RDWR | O_CREAT, 2, 8));
    SHOW(make("/a/b", O_RDWR | O_CREAT, 2, 8));
    SHOW(make("/..", O_RDWR | O_CREAT, 2, 8));
    SHOW(make(long_name(256), O_RDWR | O_CREAT, 2, 8));
    SHOW(mq_unlink(long_name(256)));
    SHOW(make(NAME, O_RDWR | O_CREAT, 0, 8));
    SHOW(make(NAME, O_RDWR | O_CREAT, 2, 0));
    SHOW(make(NAME, O_RDWR | O_CREAT, -1, 8));
    SHOW(make(NAME, O_RDWR | O_CREAT, 2, -1));
    SHOW(make(NAME, O_RDWR | O_CREAT, 70000, 8));
    mqd_t q = make(NAME, O_RDWR | O_CREAT | O_EXCL, 2, 8);
    SHOW_TRUTH(q >= 0);
    SHOW_TRUTH(fcntl(q, F_GETFD) == FD_CLOEXEC);
    SHOW(make(NAME, O_RDWR | O_CREAT | O_EXCL, 2, 8));
    SHOW(mq_close(q));
    SHOW(mq_close(q));
    q = mq_open(NAME, O_RDWR | O_CREAT, 0600, NULL);
    SHOW(mq_getattr(q, &attributes));
    SHOW(attributes.mq_maxmsg);
    SHOW(attributes.mq_msgsize);
    SHOW(attributes.mq_curmsgs);
    SHOW(attributes.mq_flags);
    mq_close(q);
    SHOW(mq_unlink(NAME));
    SHOW(mq_unlink(NAME));
    SHOW(mq_getattr(0, &attributes));
    SHOW(mq_getattr(99, &attributes));
}

static void
order(void)
{
    mqd_t q = make(NAME, O_RDWR | O_CREAT | O_NONBLOCK, 4, 8);

    SHOW_TEXT(next(q));
    SHOW(ready(q));
    SHOW(mq_send(q, "low", 3, 1));
    SHOW(mq_send(q, "high", 4, 32767));
    SHOW(mq_send(q, "low2", 4, 1));
    SHOW(mq_send(q, "", 0, 7));
    SHOW(mq_send(q, "more", 4, 1));
    SHOW(ready(q));
    mq_getattr(q, &attributes);
    SHOW(attributes.mq_curmsgs);
    SHOW(attributes.mq_flags == O_NONBLOCK);
    for (int i = 0; i < 4; i++) {
        SHOW_TEXT(next(q));
        SHOW(priority);
    }
    SHOW(mq_send(q, "123456789", 9, 1));
    SHOW(mq_send(q, "12345678", 8, 32768));
    SHOW(mq_send(q, "12345678", 8, 0));
    SHOW(mq_receive(q, text, 7, NULL));
    SHOW(mq_receive(q, text, 8, NULL));

    mqd_t reader = mq_open(NAME, O_RDONLY), writer = mq_open(NAME, O_WRONLY);
    SHOW(mq_send(reader, "x", 1, 0));
    SHOW(mq_receive(writer, text, sizeof(text), NULL));
    SHOW(mq_send(0, "x", 1, 0));
    SHOW(mq_receive(99, text, sizeof(text), NULL));
    attributes.mq_flags = O_APPEND;
    SHOW(mq_setattr(reader, &attributes, NULL));
    attributes.mq_flags = O_NONBLOCK;
    SHOW(mq_setattr(reader, &attributes, NULL));
    SHOW_TEXT(next(reader));

    SHOW(mq_unlink(NAME)); /* it lives on without its name */
    SHOW(mq_open(NAME, O_RDWR));
    SHOW(mq_send(writer, "still", 5, 0));
    SHOW_TEXT(next(reader));
    mq_close(reader);
    mq_close(writer);
    mq_close(q);
}

static void *
send_later(void *q)
{
    usleep(20000);
    mq_send((mqd_t)(intptr_t)q, "late", 4, 3);
    return NULL;
}

static void *
take_later(void *q)
{
    usleep(20000);
    return next((mqd_t)(intptr_t)q) ? q : NULL;
}

static struct timespec
soon(void)
{
    struct timespec at;

    clock_gettime(CLOCK_REALTIME, &at);
    at.tv_nsec += 20000000;
    at.tv_sec += at.tv_nsec / 1000000000;
    at.tv_nsec %= 1000000000;
    return at;
}

static void
waiting(void)
{
    mqd_t q = make(NAME, O_RDWR | O_CREAT, 1, 8);
    struct timespec at = soon(), past = {1, 0}, wrong = {1, 1000000000}, negative = {-1, 0},
                    far = {INT64_C(1) << 40, 0};
    pthread_t thread;

    SHOW(mq_timedreceive(q, text, 8, NULL, &at));
    SHOW(mq_timedreceive(q, text, 8, NULL, &past));
    SHOW(mq_timedreceive(q, text, 8, NULL, &wrong));
    SHOW(mq_timedreceive(q, text, 8, NULL, &negative));
    SHOW(mq_timedsend(q, "x", 1, 0, &past));
    SHOW(mq_timedsend(q, "x", 1, 0, &past));
    at = soon();
    SHOW(mq_timedsend(q, "x", 1, 0, &at));
    SHOW(mq_timedsend(q, "x", 1, 0, &wrong));
    SHOW(mq_timedreceive(q, text, 8, NULL, &wrong));
    SHOW_TEXT(next(q));

    pthread_create(&thread, NULL, send_later, (void *)(intptr_t)q);
    SHOW(mq_timedreceive(q, text, 8, &priority, &far));
    SHOW(priority);
    pthread_join(thread, NULL);
    mq_send(q, "full", 4, 0);
    pthread_create(&thread, NULL, take_later, (void *)(intptr_t)q);
    SHOW(mq_send(q, "next", 4, 0));
    pthread_join(thread, NULL);
    SHOW_TEXT(next(q));
    mq_close(q);
    mq_unlink(NAME);
}

static void
hear(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    told++;
    code = info->si_code;
    value = info->si_value.sival_int;
}

static void
telling(void)
{
    struct sigaction action = {.sa_sigaction = hear, .sa_flags = SA_SIGINFO};
    struct sigevent event = {
        .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 42};
    mqd_t q = make(NAME, O_RDWR | O_CREAT, 3, 8);

    sigaction(SIGUSR1, &action, NULL);
    SHOW(mq_notify(q, NULL));
    SHOW(mq_notify(q, &event));
    SHOW(mq_notify(q, &event));
    SHOW(mq_notify(0, &event));
    SHOW(mq_send(q, "a", 1, 0));
    SHOW(told);
    SHOW(code);
    SHOW(value);
    SHOW(mq_notify(q, &event)); /* free again, but the queue is not empty */
    SHOW(mq_send(q, "b", 1, 0));
    SHOW(told);
    next(q);
    next(q);
    SHOW(mq_send(q, "c", 1, 0));
    SHOW(told);
    event.sigev_notify = 77;
    SHOW(mq_notify(q, &event));
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = 65;
    SHOW(mq_notify(q, &event));
    event.sigev_notify = SIGEV_NONE;
    SHOW(mq_notify(q, &event));
    SHOW(mq_notify(q, NULL));
    mq_close(q);
    mq_unlink(NAME);
    signal(SIGUSR1, SIG_DFL);
}

void
queues(void)
{
    opening();
    order();
    waiting();
    telling();
}

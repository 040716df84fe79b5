/* Waiting: poll, select, epoll, time-outs, and being woken by another thread. */
#define _GNU_SOURCE
#include "socktest.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/time.h>
#include <unistd.h>

static void
poll_events(void)
{
    int ends[2];
    char c;

    if (!pair(AF_INET, ends))
        return;
    struct pollfd wait[] = {{.fd = ends[0], .events = POLLIN | POLLOUT},
                            {.fd = ends[1], .events = POLLIN}};
    expect(poll(wait, 2, 0) == 1 && wait[0].revents == POLLOUT);
    expect(write(ends[0], "x", 1) == 1);
    expect(poll(wait + 1, 1, 2000) == 1 && wait[1].revents == POLLIN);
    expect(read(ends[1], &c, 1) == 1);
    expect(poll(wait + 1, 1, 0) == 0);
    close(ends[0]);
    expect(poll(wait + 1, 1, 2000) == 1 && (wait[1].revents & POLLIN)); /* the end of file */
    expect(read(ends[1], &c, 1) == 0);
    expect(poll(wait + 1, 1, 0) == 1 && (wait[1].revents & POLLIN)); /* and it stays */
    close(ends[1]);
    if (!pair(AF_INET, ends))
        return;
    wait[0] = (struct pollfd){.fd = ends[0], .events = POLLRDHUP};
    expect(poll(wait, 1, 0) == 0);
    expect(write(ends[1], "x", 1) == 1 && shutdown(ends[1], SHUT_WR) == 0);
    expect(poll(wait, 1, 2000) == 1 && wait[0].revents == POLLRDHUP);
    close(ends[0]);
    close(ends[1]);
}

static void
select_events(void)
{
    struct timeval time = {.tv_sec = 2};
    fd_set readable, writable;
    int ends[2];

    if (!pair(AF_INET6, ends))
        return;
    FD_ZERO(&readable);
    FD_ZERO(&writable);
    FD_SET(ends[1], &readable);
    FD_SET(ends[1], &writable);
    expect(select(ends[1] + 1, &readable, &writable, NULL, &time) == 1);
    expect(!FD_ISSET(ends[1], &readable) && FD_ISSET(ends[1], &writable));
    expect(write(ends[0], "x", 1) == 1);
    FD_ZERO(&readable);
    FD_SET(ends[1], &readable);
    expect(select(ends[1] + 1, &readable, NULL, NULL, &time) == 1);
    close(ends[0]);
    close(ends[1]);
}

static void
epoll_events(void)
{
    int port, server = listener(AF_INET, 4, &port), set = epoll_create1(0), fd;
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = 5}, got;
    union address address;
    socklen_t len = loopback(AF_INET, port, &address);

    expect(set >= 0 && epoll_ctl(set, EPOLL_CTL_ADD, server, &event) == 0);
    expect(epoll_wait(set, &got, 1, 0) == 0);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    expect(connect(fd, &address.any, len) == 0);
    expect(epoll_wait(set, &got, 1, 2000) == 1 && got.data.u32 == 5);
    close(accept(server, NULL, NULL));
    expect(epoll_wait(set, &got, 1, 0) == 0);
    close(set);
    close(fd);
    close(server);
}

/* Never early; how late is the machine's affair. */
static void
time_outs(void)
{
    struct timeval time = {.tv_usec = 60000}, back;
    socklen_t len = sizeof(back);
    int ends[2];
    char c;
    long start;

    if (!pair(AF_INET, ends))
        return;
    expect(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time)) == 0);
    expect(getsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &back, &len) == 0);
    expect(len == sizeof(back) && back.tv_sec == 0 && back.tv_usec == 60000);
    start = now_ms();
    expect_errno(read(ends[0], &c, 1), EAGAIN);
    expect(now_ms() - start >= 59);
    start = now_ms();
    expect(poll(&(struct pollfd){.fd = ends[1], .events = POLLIN}, 1, 50) == 0);
    expect(now_ms() - start >= 49);
    time.tv_usec = 1000000;
    expect_errno(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time)), EDOM);
    close(ends[0]);
    close(ends[1]);
}

static void
accept_waits(void)
{
    int port, server = listener(AF_INET, 1, &port);

    expect(fcntl(server, F_SETFL, O_NONBLOCK) == 0);
    expect_errno(accept(server, NULL, NULL), EAGAIN);
    close(server);
}

static void *
write_later(void *arg)
{
    usleep(30000);
    expect(write(*(int *)arg, "late", 4) == 4);
    return NULL;
}

static void
woken(void)
{
    int ends[2];
    char text[4];

    if (!pair(AF_INET, ends))
        return;
    if (!run_beside(write_later, &ends[0]))
        return;
    expect(recv(ends[1], text, 4, MSG_WAITALL) == 4);
    join_beside();
    if (!run_beside(write_later, &ends[0]))
        return;
    expect(poll(&(struct pollfd){.fd = ends[1], .events = POLLIN}, 1, 5000) == 1);
    join_beside();
    close(ends[0]);
    close(ends[1]);
}

static void *
shut_later(void *arg)
{
    usleep(30000);
    expect(shutdown(*(int *)arg, SHUT_RDWR) == 0);
    return NULL;
}

/* Shutting a socket down ends what other threads wait for on it. */
static void
shutdown_wakes(void)
{
    int port, server = listener(AF_INET, 1, &port), ends[2];
    char c;

    if (!run_beside(shut_later, &server))
        return;
    expect_errno(accept(server, NULL, NULL), EINVAL);
    join_beside();
    close(server);
    if (!pair(AF_INET, ends))
        return;
    if (!run_beside(shut_later, &ends[0]))
        return;
    expect(read(ends[0], &c, 1) == 0);
    join_beside();
    close(ends[0]);
    close(ends[1]);
}

const struct test wait_tests[] = {
    {"poll", poll_events},
    {"select", select_events},
    {"epoll", epoll_events},
    {"time-outs", time_outs},
    {"accept-waits", accept_waits},
    {"woken", woken},
    {"shutdown-wakes", shutdown_wakes},
    {NULL, NULL},
};

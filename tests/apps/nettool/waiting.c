/* What a socket shows while its card has no address yet, and what comes of it: line by line what
 * each call says, for tests/system/test_dhcp.py. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include "nettool.h"

static const char *
error_name(int error)
{
    switch (error) {
    case EAGAIN:
        return "EAGAIN";
    case EALREADY:
        return "EALREADY";
    case ECONNREFUSED:
        return "ECONNREFUSED";
    case EHOSTUNREACH:
        return "EHOSTUNREACH";
    case EINPROGRESS:
        return "EINPROGRESS";
    case EINVAL:
        return "EINVAL";
    case ENOTCONN:
        return "ENOTCONN";
    default:
        return strerror(error);
    }
}

static void
say(const char *what, long result)
{
    printf("%s: %s\n", what, result < 0 ? error_name(errno) : "ok");
}

static int
pending_error(int fd)
{
    int error = -1;
    socklen_t len = sizeof(error);

    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
    return error;
}

static short
ready(int fd, int timeout)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP};

    poll(&wait, 1, timeout);
    return wait.revents;
}

static int
writable(int fd, struct timeval *timeout)
{
    fd_set set;

    FD_ZERO(&set);
    FD_SET(fd, &set);
    return select(fd + 1, NULL, &set, NULL, timeout);
}

/* "a.b.c.d:PORT" or "[x:y::z]:PORT". */
static struct sockaddr_storage
address_of(char *text)
{
    struct sockaddr_storage to = {.ss_family = *text == '[' ? AF_INET6 : AF_INET};
    struct sockaddr_in *ip4 = (struct sockaddr_in *)&to;
    struct sockaddr_in6 *ip6 = (struct sockaddr_in6 *)&to;
    bool six = *text == '[';
    char *port = strrchr(text, ':');

    *port++ = '\0';
    if (six)
        *strchr(++text, ']') = '\0';
    inet_pton(to.ss_family, text, six ? (void *)&ip6->sin6_addr : &ip4->sin_addr);
    *(six ? &ip6->sin6_port : &ip4->sin_port) = htons((uint16_t)atoi(port));
    return to;
}

static void
show_events(int events)
{
    printf("events:%s%s%s%s%s\n", events & POLLIN ? " in" : "", events & POLLOUT ? " out" : "",
           events & POLLRDHUP ? " rdhup" : "", events & POLLERR ? " err" : "",
           events & POLLHUP ? " hup" : "");
}

int
waiting_stream(char *where)
{
    struct sockaddr_storage to = address_of(where), own = {.ss_family = to.ss_family};
    socklen_t len = sizeof(own);
    int fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0), set = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLOUT};
    char c;

    say("connect", connect(fd, (struct sockaddr *)&to, sizeof(to)));
    say("again", connect(fd, (struct sockaddr *)&to, sizeof(to)));
    say("bind", bind(fd, (struct sockaddr *)&own, sizeof(own)));
    say("listen", listen(fd, 1));
    say("peer", getpeername(fd, (struct sockaddr *)&own, &len));
    say("send", send(fd, "x", 1, 0));
    say("receive", recv(fd, &c, 1, 0));
    say("add", epoll_ctl(set, EPOLL_CTL_ADD, fd, &event));
    printf("epoll: %d\n", epoll_wait(set, &event, 1, 0));
    printf("select: %d\n", writable(fd, &(struct timeval){0}));
    show_events(ready(fd, 10));
    printf("error: %d\n", pending_error(fd));
    puts("waiting");
    printf("epoll: %d\n", epoll_wait(set, &event, 1, -1));
    printf("select: %d\n", writable(fd, NULL));
    show_events(ready(fd, -1));
    errno = pending_error(fd);
    say("outcome", errno ? -1 : 0);
    printf("error: %d\n", pending_error(fd));
    say("peer", getpeername(fd, (struct sockaddr *)&own, &len));
    close(set);
    close(fd);
    return 0;
}

/* Two that are closed while they wait, one of them with a thread's worth of a time-out in it; then
 * one that ends. */
int
waiting_closed(char *where)
{
    struct sockaddr_storage to = address_of(where);
    struct timeval little = {.tv_usec = 20000};
    int fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);

    say("connect", connect(fd, (struct sockaddr *)&to, sizeof(to)));
    say("close", close(fd));
    fd = socket(to.ss_family, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &little, sizeof(little));
    say("timed", connect(fd, (struct sockaddr *)&to, sizeof(to)));
    say("timed again", connect(fd, (struct sockaddr *)&to, sizeof(to)));
    say("close", close(fd));
    fd = socket(to.ss_family, SOCK_DGRAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &little, sizeof(little));
    say("timed datagram", sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)));
    say("close", close(fd));
    fd = socket(to.ss_family, SOCK_STREAM, 0);
    puts("waiting");
    say("connect", connect(fd, (struct sockaddr *)&to, sizeof(to)));
    say("close", close(fd));
    return 0;
}

int
waiting_datagram(char *where)
{
    struct sockaddr_storage to = address_of(where);
    int fd = socket(to.ss_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    char byte;
    long n;

    show_events(ready(fd, 0));
    say("send", sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)));
    show_events(ready(fd, 10));
    say("connect", connect(fd, (struct sockaddr *)&to, sizeof(to)));
    say("send", send(fd, "x", 1, 0));
    puts("waiting");
    do {
        ready(fd, -1);
        n = send(fd, "x", 1, 0);
    } while (n < 0 && errno == EAGAIN);
    say("outcome", n);
    /* Until the peer has it: what waits for a neighbour's address is lost at the end. */
    if (n > 0) {
        fcntl(fd, F_SETFL, 0);
        say("answer", recv(fd, &byte, 1, 0));
    }
    close(fd);
    return 0;
}

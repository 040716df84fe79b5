/* Options that servers set on sockets, and what they do, over the loopback interface. */
#define _GNU_SOURCE
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>
#include "network.h"
#include "show.h"

static int family, listener, one, two;
static char data[65536];

static int
set(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof(value));
}

static int
ready(int fd, int events, int ms)
{
    struct pollfd entry = {fd, (short)events, 0};

    return poll(&entry, 1, ms) < 0 ? -1 : entry.revents;
}

static void
connected(int port)
{
    SHOW(listener = socket(family, SOCK_STREAM, 0));
    SHOW(set(listener, SOL_SOCKET, SO_REUSEADDR, 1));
    SHOW(bind_to(listener, loopback(family, port)));
    SHOW(listen(listener, 5));
    SHOW(one = socket(family, SOCK_STREAM, 0));
    SHOW(connect_to(one, loopback(family, port)));
    SHOW(two = accept(listener, NULL, NULL));
}

static void
closed(void)
{
    SHOW(close(one));
    SHOW(close(two));
    SHOW(close(listener));
}

/* ---- values ---- */

static void
wrong(int fd, int level, int name)
{
    char byte = 1;
    int value = 1;
    socklen_t size = 2;

    SHOW(setsockopt(fd, level, name, NULL, sizeof(value)));
    SHOW(setsockopt(fd, level, name, &byte, 1));
    SHOW(setsockopt(fd, level, name, &value, 0));
    SHOW(setsockopt(fd, level, name, &value, (socklen_t)-1));
    SHOW(getsockopt(fd, level, name, NULL, &size));
    SHOW(getsockopt(fd, level, name, &value, NULL));
    value = 0;
    SHOW(getsockopt(fd, level, name, &value, &size));
    SHOW(size);
    size = (socklen_t)-1;
    SHOW(getsockopt(fd, level, name, &value, &size));
}

static void
values(void)
{
    static const int names[] = {TCP_QUICKACK, TCP_CORK, TCP_DEFER_ACCEPT, TCP_USER_TIMEOUT};
    int fd, udp, name;

    SHOW(fd = socket(family, SOCK_STREAM, 0));
    SHOW(udp = socket(family, SOCK_DGRAM, 0));
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        SHOW(name = names[i]);
        SHOW(option(fd, IPPROTO_TCP, name));
        SHOW(set(fd, IPPROTO_TCP, name, 1));
        SHOW(option(fd, IPPROTO_TCP, name));
        SHOW(set(fd, IPPROTO_TCP, name, 0));
        SHOW(option(fd, IPPROTO_TCP, name));
        SHOW(set(fd, IPPROTO_TCP, name, -1));
        SHOW(option(fd, IPPROTO_TCP, name));
        SHOW(set(udp, IPPROTO_TCP, name, 1));
        SHOW(option(udp, IPPROTO_TCP, name));
        SHOW(set(fd, IPPROTO_UDP, name, 1));
        wrong(fd, IPPROTO_TCP, name);
    }
    for (int seconds = 2; seconds < 500; seconds *= 3) {
        SHOW(set(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, seconds));
        SHOW(option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT));
    }
    SHOW(set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 123456));
    SHOW(option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT));
    SHOW(option(fd, SOL_SOCKET, SO_RCVLOWAT));
    SHOW(set(fd, SOL_SOCKET, SO_RCVLOWAT, 17));
    SHOW(option(fd, SOL_SOCKET, SO_RCVLOWAT));
    SHOW(set(fd, SOL_SOCKET, SO_RCVLOWAT, 0));
    SHOW(option(fd, SOL_SOCKET, SO_RCVLOWAT));
    SHOW(set(udp, SOL_SOCKET, SO_RCVLOWAT, 3));
    SHOW(option(udp, SOL_SOCKET, SO_RCVLOWAT));
    wrong(fd, SOL_SOCKET, SO_RCVLOWAT);
    SHOW(close(fd));
    SHOW(close(udp));
}

/* What is set on a listening socket holds for those it accepts. */
static void
inherited(void)
{
    SHOW(listener = socket(family, SOCK_STREAM, 0));
    SHOW(set(listener, SOL_SOCKET, SO_REUSEADDR, 1));
    SHOW(set(listener, IPPROTO_TCP, TCP_USER_TIMEOUT, 4321));
    SHOW(bind_to(listener, loopback(family, 5110)));
    SHOW(listen(listener, 5));
    SHOW(set(listener, SOL_SOCKET, SO_RCVLOWAT, 3));
    SHOW(set(listener, IPPROTO_TCP, TCP_CORK, 1));
    SHOW(one = socket(family, SOCK_STREAM, 0));
    SHOW(connect_to(one, loopback(family, 5110)));
    SHOW(ready(listener, POLLIN, 5000));
    SHOW(two = accept(listener, NULL, NULL));
    SHOW(option(two, IPPROTO_TCP, TCP_USER_TIMEOUT));
    SHOW(option(two, IPPROTO_TCP, TCP_CORK));
    SHOW(option(two, SOL_SOCKET, SO_RCVLOWAT));
    closed();
}

/* ---- what they do ---- */

static struct tcp_info info;

static socklen_t
get_info(int fd, socklen_t size)
{
    memset(&info, 0xee, sizeof(info));
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0)
        return (socklen_t)-1;
    return size;
}

static void
information(void)
{
    int fd;

    SHOW(fd = socket(family, SOCK_STREAM, 0));
    SHOW(get_info(fd, 104));
    SHOW(info.tcpi_state);
    SHOW(info.tcpi_total_retrans);
    SHOW_TRUTH(get_info(fd, sizeof(info)) >= 104);
    SHOW(close(fd));
    SHOW(fd = socket(family, SOCK_DGRAM, 0));
    SHOW(get_info(fd, 104));
    SHOW(close(fd));
    connected(5111);
    SHOW(get_info(listener, 104));
    SHOW(info.tcpi_state);
    SHOW(get_info(one, 1));
    SHOW(info.tcpi_state);
    SHOW(info.tcpi_retransmits); /* not written */
    SHOW(get_info(one, 0));
    SHOW(get_info(one, 31));
    SHOW(get_info(one, (socklen_t)-1));
    SHOW(get_info(one, 104));
    SHOW(info.tcpi_state);
    SHOW(info.tcpi_retransmits);
    SHOW(info.tcpi_probes);
    SHOW(info.tcpi_unacked);
    SHOW(info.tcpi_options & 4); /* window scaling */
    SHOW_TRUTH(info.tcpi_snd_wscale > 0 && info.tcpi_rcv_wscale > 0);
    SHOW_TRUTH(info.tcpi_snd_mss > 500 && info.tcpi_snd_cwnd > 0 && info.tcpi_rto > 0);
    SHOW(set(one, IPPROTO_TCP, TCP_INFO, 1));
    SHOW(shutdown(one, SHUT_WR));
    SHOW(ready(two, POLLIN, 5000));
    SHOW(get_info(two, 1));
    SHOW(info.tcpi_state);
    closed();
}

/* A few bytes that wait were not there a moment later, but come; a machine that stands still for
 * long enough may show them at once, so there are several tries. */
static int
held_once(int flags)
{
    int waited = 0, came = 1;

    for (int i = 0; i < 20 && !waited; i++) {
        send(one, data, 5, flags);
        waited = ready(two, POLLIN, 10) == 0;
        came &= ready(two, POLLIN, 5000) == POLLIN && recv(two, data, 100, 0) == 5;
    }
    return waited && came;
}

/* Both parts of what is sent after one of them waits arrive when it is let go. */
static int
let_go(int name, int value)
{
    int done = 0;

    for (int i = 0; i < 20 && done != 1; i++) {
        set(one, IPPROTO_TCP, TCP_NODELAY, 0);
        set(one, IPPROTO_TCP, TCP_CORK, 1);
        send(one, data, 3, 0);
        send(one, data, 4, 0);
        set(one, IPPROTO_TCP, name, value);
        done = ready(two, POLLIN, 5000) == POLLIN && recv(two, data, 7, MSG_WAITALL) == 7;
    }
    return done;
}

static void
corked(void)
{
    struct iovec parts[3] = {{data, 3}, {data + 3, 4}, {data + 7, 5}};

    connected(5112);
    SHOW(set(one, IPPROTO_TCP, TCP_CORK, 1));
    SHOW(held_once(0));
    SHOW(set(one, IPPROTO_TCP, TCP_CORK, 0));
    SHOW(held_once(MSG_MORE));
    SHOW(let_go(TCP_CORK, 0));
    SHOW(let_go(TCP_NODELAY, 1));
    SHOW(option(one, IPPROTO_TCP, TCP_CORK));
    SHOW(set(one, IPPROTO_TCP, TCP_CORK, 0));
    SHOW(send(one, data, 5, MSG_MORE));
    SHOW(send(one, data, 6, 0));
    SHOW(recv(two, data, 11, MSG_WAITALL));
    SHOW(writev(one, parts, 3));
    SHOW(ready(two, POLLIN, 5000));
    SHOW(recv(two, data, 100, 0)); /* in one segment */
    SHOW(set(one, IPPROTO_TCP, TCP_CORK, 1));
    SHOW(send(one, data, 9, 0));
    SHOW(shutdown(one, SHUT_WR)); /* which lets go */
    SHOW(recv(two, data, 100, MSG_WAITALL));
    closed();
}

static void
least(void)
{
    struct timeval half = {0, 500000};

    connected(5113);
    SHOW(set(two, SOL_SOCKET, SO_RCVLOWAT, 5));
    SHOW(send(one, data, 3, 0));
    SHOW(ready(two, POLLIN, 200));
    SHOW(recv(two, data, 2, MSG_PEEK));
    SHOW(recv(two, data, 100, MSG_DONTWAIT | MSG_PEEK));
    SHOW(send(one, data, 4, 0));
    SHOW(ready(two, POLLIN, 5000));
    SHOW(recv(two, data, 6, 0));
    SHOW(ready(two, POLLIN, 0));
    SHOW(recv(two, data, 1, 0)); /* wants one only */
    SHOW(send(one, data, 2, 0));
    SHOW(setsockopt(two, SOL_SOCKET, SO_RCVTIMEO, &half, sizeof(half)));
    SHOW(recv(two, data, 100, 0)); /* not enough, but time is up */
    SHOW(recv(two, data, 100, 0));
    SHOW(send(one, data, 2, 0));
    SHOW(shutdown(one, SHUT_WR));
    SHOW(ready(two, POLLIN, 5000));
    SHOW(recv(two, data, 100, 0));
    SHOW(recv(two, data, 100, 0));
    closed();
}

/* The reader stops, so nothing more is acknowledged. */
static void
given_up(void)
{
    connected(5114);
    SHOW(set(one, IPPROTO_TCP, TCP_USER_TIMEOUT, 700));
    while (ready(one, POLLOUT, 100) == POLLOUT &&
           send(one, data, sizeof(data), MSG_DONTWAIT) > 0)
        continue;
    SHOW_TRUTH(ready(one, 0, 20000) & POLLERR);
    SHOW(option(one, SOL_SOCKET, SO_ERROR) == ETIMEDOUT);
    SHOW(option(one, SOL_SOCKET, SO_ERROR));
    SHOW(get_info(one, 1));
    SHOW(info.tcpi_state);
    closed();
}

static void
one_family(void)
{
    values();
    inherited();
    information();
    corked();
    least();
    given_up();
}

void
tuning(void)
{
    show_subject("tuning, IPv4");
    family = AF_INET;
    one_family();
    show_subject("tuning, IPv6");
    family = AF_INET6;
    one_family();
}

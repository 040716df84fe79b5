/* UDP between two sockets of this program, over IPv4 and IPv6. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>
#include "network.h"
#include "show.h"

static char data[70000];
static int family, one, two;

static int
ready(int fd, int ms)
{
    struct pollfd entry = {fd, POLLIN, 0};

    return poll(&entry, 1, ms) < 0 ? -1 : entry.revents;
}

static int
is_loopback(const union address *a)
{
    union address own = loopback(family, port_of(a));

    return family == AF_INET ? a->ip4.sin_addr.s_addr == own.ip4.sin_addr.s_addr
                             : IN6_ARE_ADDR_EQUAL(&a->ip6.sin6_addr, &own.ip6.sin6_addr);
}

static int
send_to(int fd, const void *from, size_t size, union address a)
{
    return (int)sendto(fd, from, size, 0, &a.any, size_of(&a));
}

static void
unconnected(void)
{
    struct iovec parts[2] = {{data, 2}, {data + 100, 50}};
    union address from = {.any = {0}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2, .msg_name = &from};
    socklen_t size = sizeof(from);
    int waiting, three;

    SHOW(one = socket(family, SOCK_DGRAM, 0));
    SHOW(two = socket(family, SOCK_DGRAM, 0));
    SHOW(send(one, data, 1, 0));
    SHOW(write(one, data, 1));
    SHOW(recv(one, data, 1, MSG_DONTWAIT));
    SHOW(listen(one, 5));
    SHOW(accept(one, NULL, NULL));
    SHOW(getpeername(one, &from.any, &size));
    SHOW(bind_to(two, loopback(family, 6000)));
    SHOW(bind_to(two, loopback(family, 6001)));
    SHOW(three = socket(family, SOCK_DGRAM, 0));
    SHOW(bind_to(three, loopback(family, 6000)));
    SHOW(close(three));
    SHOW(ready(two, 0));
    SHOW(send_to(one, "first", 5, loopback(family, 6000)));
    SHOW_TRUTH(own_port(one) > 0);
    SHOW(ready(two, 2000));
    SHOW(ioctl(two, FIONREAD, &waiting));
    SHOW(waiting);
    size = sizeof(from);
    SHOW(recvfrom(two, data, 3, MSG_PEEK, &from.any, &size));
    SHOW(size);
    SHOW_TRUTH(port_of(&from) == own_port(one));
    SHOW(recv(two, data, 3, MSG_PEEK | MSG_TRUNC));
    SHOW(recv(two, data, 3, 0)); /* the rest is gone */
    SHOW(recv(two, data, 3, MSG_DONTWAIT));
    SHOW(send_to(one, "one", 3, loopback(family, 6000)));
    SHOW(send_to(one, "other", 5, loopback(family, 6000)));
    SHOW(ready(two, 2000));
    SHOW(ioctl(two, FIONREAD, &waiting)); /* of the first alone */
    SHOW(waiting);
    SHOW(recv(two, data, 10, 0));
    SHOW(recv(two, data, 10, 0));
    SHOW(send_to(one, "", 0, loopback(family, 6000)));
    SHOW(ready(two, 2000));
    SHOW(recv(two, data, 100, 0));
    SHOW(send_to(one, "a message in parts", 18, loopback(family, 6000)));
    message.msg_namelen = sizeof(from);
    SHOW(recvmsg(two, &message, 0));
    SHOW(message.msg_namelen);
    SHOW(message.msg_flags);
    SHOW(send_to(one, "longer", 6, loopback(family, 6000)));
    message.msg_iovlen = 1;
    SHOW(recvmsg(two, &message, 0));
    SHOW(message.msg_flags == MSG_TRUNC);
    SHOW(send_to(one, data, 65536, loopback(family, 6000)));
    SHOW(send_to(one, data, 20000, loopback(family, 6000)));
    SHOW(recv(two, data, sizeof(data), 0));
    SHOW(send_to(one, data, 1, loopback(family == AF_INET ? AF_INET6 : AF_INET, 6000)));
    SHOW(sendto(one, data, 1, 0, &from.any, 1));
    SHOW(read(two, data, 0));
    SHOW(setsockopt(two, SOL_SOCKET, SO_BROADCAST, &(int){1}, sizeof(int)));
    SHOW(option(two, SOL_SOCKET, SO_BROADCAST));
}

static void
connected(void)
{
    union address a = {.any = {.sa_family = AF_UNSPEC}};
    socklen_t size = sizeof(a);
    int third;

    SHOW(connect_to(one, loopback(family, 6000)));
    SHOW(getpeername(one, &a.any, &size));
    SHOW(port_of(&a));
    SHOW(getsockname(one, &a.any, &size));
    SHOW_TRUTH(is_loopback(&a)); /* the address that leads there is chosen already */
    SHOW(send(one, "x", 1, 0));
    SHOW(recv(two, data, 10, 0));
    SHOW(third = socket(family, SOCK_DGRAM, 0));
    SHOW(send_to(third, "stranger", 8, loopback(family, own_port(one))));
    SHOW(ready(one, 20)); /* only its peer's are for it */
    SHOW(send_to(two, "peer", 4, loopback(family, own_port(one))));
    SHOW(ready(one, 2000));
    SHOW(recv(one, data, 10, 0));
    a.any.sa_family = AF_UNSPEC;
    SHOW(connect(one, &a.any, sizeof(a.any)));
    SHOW(getpeername(one, &a.any, &size));
    SHOW(send(one, "x", 1, 0));
    SHOW(close(third));
}

/* Nobody listens: the other machine says so, and the next call has the error. */
static void
refused(void)
{
    struct epoll_event event = {.events = EPOLLIN};
    int fd, set;

    SHOW(fd = socket(family, SOCK_DGRAM, 0));
    SHOW(connect_to(fd, loopback(family, 6100)));
    SHOW(ready(fd, 0));
    SHOW(send(fd, "x", 1, 0));
    SHOW(ready(fd, 2000));
    SHOW(recv(fd, data, 10, 0));
    SHOW(recv(fd, data, 10, MSG_DONTWAIT));
    SHOW(send(fd, "x", 1, 0));
    SHOW(ready(fd, 2000));
    SHOW(send(fd, "x", 1, 0));
    SHOW(send(fd, "x", 1, 0));
    SHOW(ready(fd, 2000));
    SHOW(option(fd, SOL_SOCKET, SO_ERROR));
    SHOW(option(fd, SOL_SOCKET, SO_ERROR));
    SHOW(set = epoll_create1(0));
    SHOW(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event));
    SHOW(send(fd, "x", 1, 0));
    SHOW(epoll_wait(set, &event, 1, 2000));
    SHOW(event.events);
    SHOW(read(fd, data, 10));
    SHOW(close(set));
    SHOW(close(fd));
    SHOW(fd = socket(family, SOCK_DGRAM, 0)); /* without a peer nobody is told */
    SHOW(send_to(fd, "x", 1, loopback(family, 6100)));
    SHOW(ready(fd, 20));
    SHOW(recv(fd, data, 10, MSG_DONTWAIT));
    SHOW(close(fd));
}

static void
shut(void)
{
    SHOW(connect_to(one, loopback(family, 6000)));
    SHOW(shutdown(one, SHUT_WR));
    SHOW(send(one, "x", 1, MSG_NOSIGNAL));
    SHOW(shutdown(one, SHUT_RD));
    SHOW(recv(one, data, 1, 0));
    SHOW(close(one));
    SHOW(close(two));
}

static void
many_at_once(void)
{
    struct iovec parts[3] = {{"a", 1}, {"bb", 2}, {"ccc", 3}};
    struct mmsghdr messages[3];

    memset(messages, 0, sizeof(messages));
    SHOW(one = socket(family, SOCK_DGRAM, 0));
    SHOW(bind_to(one, loopback(family, 6200)));
    SHOW(connect_to(one, loopback(family, 6200))); /* to itself */
    for (int i = 0; i < 3; i++) {
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    SHOW(sendmmsg(one, messages, 3, 0));
    SHOW(messages[2].msg_len);
    for (int i = 0; i < 3; i++)
        parts[i] = (struct iovec){data + i * 10, 10};
    SHOW(recvmmsg(one, messages, 3, MSG_DONTWAIT, NULL));
    SHOW(messages[2].msg_len);
    SHOW(close(one));
}

static void
over(int which)
{
    family = which;
    show_subject(which == AF_INET ? "datagrams, IPv4" : "datagrams, IPv6");
    unconnected();
    connected();
    refused();
    shut();
    many_at_once();
}

void
datagrams(void)
{
    over(AF_INET);
    over(AF_INET6);
}

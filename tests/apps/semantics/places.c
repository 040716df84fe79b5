/* Which socket of several gets what comes, by which interface and address it came or leaves. */
#define _GNU_SOURCE
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>
#include "network.h"
#include "show.h"

static int family;
static char data[100];

static int
set(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof(value));
}

/* ---- SO_REUSEPORT ---- */

enum { TRIES = 64 };

static int
new_socket(int type, int reuse)
{
    int fd = socket(family, type, 0);

    if (reuse)
        set(fd, SOL_SOCKET, reuse, 1);
    return fd;
}

/* Try to share a port that others have: 0, or what fails. */
static int
join(int type, int reuse, int port, int *out)
{
    int fd = new_socket(type, reuse), result;

    result = bind_to(fd, loopback(family, port));
    if (!result && type == SOCK_STREAM)
        result = listen(fd, 100);
    if (!result && out)
        *out = fd;
    else {
        int error = errno;

        close(fd);
        errno = error;
    }
    return result;
}

/* The one of two sockets that something comes to, or -1. */
static int
which(int one, int two)
{
    struct pollfd entries[2] = {{one, POLLIN, 0}, {two, POLLIN, 0}};

    if (poll(entries, 2, 5000) < 1)
        return -1;
    return entries[0].revents ? one : two;
}

static void
shared_streams(void)
{
    int one = -1, two = -1, got[2] = {0, 0}, all = 0;

    SHOW(join(SOCK_STREAM, SO_REUSEPORT, 5200, &one));
    SHOW(join(SOCK_STREAM, 0, 5200, NULL));
    SHOW(join(SOCK_STREAM, SO_REUSEADDR, 5200, NULL));
    SHOW(join(SOCK_STREAM, SO_REUSEPORT, 5200, &two));
    for (int i = 0; i < TRIES; i++) {
        int fd = socket(family, SOCK_STREAM, 0), ready, peer;
        char byte = 0;

        if (connect_to(fd, loopback(family, 5200)) == 0 && (ready = which(one, two)) >= 0 &&
            (peer = accept(ready, NULL, NULL)) >= 0) {
            got[ready == two]++;
            all += send(fd, "x", 1, 0) == 1 && recv(peer, &byte, 1, 0) == 1 && byte == 'x';
            close(peer);
        }
        close(fd);
    }
    SHOW(got[0] + got[1]);
    SHOW(all);
    SHOW_TRUTH(got[0] > 0 && got[1] > 0);
    SHOW(close(one));
    SHOW(join(SOCK_STREAM, SO_REUSEPORT, 5200, &one));
    SHOW(close(two));
    SHOW(close(one));
    SHOW(join(SOCK_STREAM, SO_REUSEPORT, 5201, &one));
    SHOW(option(one, SOL_SOCKET, SO_REUSEPORT));
    SHOW(option(one, SOL_SOCKET, SO_REUSEADDR));
    SHOW(set(one, SOL_SOCKET, SO_REUSEPORT, 0));
    SHOW(option(one, SOL_SOCKET, SO_REUSEPORT));
    SHOW(close(one));
}

static void
shared_datagrams(void)
{
    int one = -1, two = -1, got[2] = {0, 0}, same = 0, fd, first;

    SHOW(join(SOCK_DGRAM, SO_REUSEPORT, 5202, &one));
    SHOW(join(SOCK_DGRAM, 0, 5202, NULL));
    SHOW(join(SOCK_DGRAM, SO_REUSEADDR, 5202, NULL));
    SHOW(join(SOCK_DGRAM, SO_REUSEPORT, 5202, &two));
    for (int i = 0; i < TRIES; i++) {
        union address to = loopback(family, 5202);
        int ready;

        fd = socket(family, SOCK_DGRAM, 0);
        sendto(fd, "x", 1, 0, &to.any, size_of(&to));
        if ((ready = which(one, two)) >= 0)
            got[ready == two] += recv(ready, data, 10, 0) == 1;
        close(fd);
    }
    SHOW(got[0] + got[1]);
    SHOW_TRUTH(got[0] > 0 && got[1] > 0);
    SHOW(fd = socket(family, SOCK_DGRAM, 0));
    first = -1;
    for (int i = 0; i < 10; i++) {
        union address to = loopback(family, 5202);
        int ready;

        sendto(fd, "x", 1, 0, &to.any, size_of(&to));
        if ((ready = which(one, two)) < 0)
            break;
        recv(ready, data, 10, 0);
        first = first < 0 ? ready : first;
        same += ready == first;
    }
    SHOW(same); /* of one peer, all to one socket */
    SHOW(close(fd));
    SHOW(close(one));
    SHOW(close(two));
    SHOW(join(SOCK_DGRAM, SO_REUSEADDR, 5203, &one));
    SHOW(join(SOCK_DGRAM, SO_REUSEPORT, 5203, NULL));
    SHOW(join(SOCK_DGRAM, SO_REUSEADDR, 5203, &two));
    SHOW(close(one));
    SHOW(close(two));
}

/* ---- SO_BINDTODEVICE ---- */

static int
set_device(int fd, const char *name, socklen_t size)
{
    return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, size);
}

static int
get_device(int fd, socklen_t room)
{
    memset(data, 'x', sizeof(data));
    return getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, data, &room) < 0 ? -1 : (int)room;
}

static void
devices(int type)
{
    int fd, other, peer;

    SHOW(fd = socket(family, type, 0));
    SHOW(get_device(fd, 16));
    SHOW(get_device(fd, 0));
    SHOW(set_device(fd, "nothere", 8));
    SHOW(set_device(fd, "lo", 1));
    SHOW(set_device(fd, "lo and more", 2));
    SHOW(get_device(fd, 16));
    SHOW_TEXT(data);
    SHOW(get_device(fd, 15));
    SHOW(set_device(fd, "", 0));
    SHOW(get_device(fd, 16));
    SHOW(set_device(fd, "a name of more than sixteen bytes", 30));
    SHOW(set_device(fd, "lo", 3));
    SHOW(get_device(fd, 50));
    SHOW(set_device(fd, "lo", (socklen_t)-1));
    SHOW(bind_to(fd, loopback(family, 5210)));
    if (type == SOCK_STREAM)
        SHOW(listen(fd, 5));
    SHOW(other = socket(family, type, 0));
    SHOW(set_device(other, "lo", 3));
    SHOW(connect_to(other, loopback(family, 5210)));
    SHOW(send(other, "12345", 5, 0));
    if (type == SOCK_STREAM) {
        SHOW(peer = accept(fd, NULL, NULL));
        SHOW(get_device(peer, 16));
        SHOW(recv(peer, data, 10, 0));
        SHOW(close(peer));
    } else {
        SHOW(recv(fd, data, 10, 0));
    }
    SHOW(close(other));
    SHOW(close(fd));
}

/* ---- IP_PKTINFO, IPV6_RECVPKTINFO ---- */

static union {
    struct cmsghdr head;
    char bytes[200];
} control;

static struct iovec part = {data, 10};
static struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

static int
receive(int fd, socklen_t room)
{
    memset(&control, 0, sizeof(control));
    message.msg_control = room ? &control : NULL;
    message.msg_controllen = room;
    return (int)recvmsg(fd, &message, 0);
}

static void
show_control(void)
{
    struct in_pktinfo info4;
    struct in6_pktinfo info6;
    char text[INET6_ADDRSTRLEN];

    SHOW(message.msg_controllen);
    SHOW(message.msg_flags & MSG_CTRUNC ? 1 : 0);
    if (message.msg_controllen < sizeof(control.head))
        return;
    SHOW(control.head.cmsg_len);
    SHOW(control.head.cmsg_level);
    SHOW(control.head.cmsg_type);
    if (control.head.cmsg_level == IPPROTO_IP &&
        control.head.cmsg_len == CMSG_LEN(sizeof(info4))) {
        memcpy(&info4, CMSG_DATA(&control.head), sizeof(info4));
        SHOW(info4.ipi_ifindex);
        SHOW_TEXT(inet_ntop(AF_INET, &info4.ipi_addr, text, sizeof(text)));
        SHOW_TEXT(inet_ntop(AF_INET, &info4.ipi_spec_dst, text, sizeof(text)));
    }
    if (control.head.cmsg_level == IPPROTO_IPV6 &&
        control.head.cmsg_len == CMSG_LEN(sizeof(info6))) {
        memcpy(&info6, CMSG_DATA(&control.head), sizeof(info6));
        SHOW(info6.ipi6_ifindex);
        SHOW_TEXT(inet_ntop(AF_INET6, &info6.ipi6_addr, text, sizeof(text)));
    }
}

/* A message of `size` bytes of control that asks for an address and an interface. */
static int
send_from(int fd, const char *address, int index, size_t size, size_t len)
{
    union address to = loopback(family, 5220);

    memset(&control, 0, sizeof(control));
    control.head.cmsg_len = len;
    if (family == AF_INET) {
        struct in_pktinfo info = {.ipi_ifindex = index};

        inet_pton(AF_INET, address, &info.ipi_spec_dst);
        control.head.cmsg_level = IPPROTO_IP;
        control.head.cmsg_type = IP_PKTINFO;
        memcpy(CMSG_DATA(&control.head), &info, sizeof(info));
    } else {
        struct in6_pktinfo info = {.ipi6_ifindex = (unsigned)index};

        inet_pton(AF_INET6, address, &info.ipi6_addr);
        control.head.cmsg_level = IPPROTO_IPV6;
        control.head.cmsg_type = IPV6_PKTINFO;
        memcpy(CMSG_DATA(&control.head), &info, sizeof(info));
    }
    message.msg_name = &to;
    message.msg_namelen = size_of(&to);
    message.msg_control = &control;
    message.msg_controllen = size;
    size = (size_t)sendmsg(fd, &message, 0);
    message.msg_name = NULL;
    message.msg_namelen = 0;
    return (int)size;
}

static void
packets(void)
{
    size_t len = family == AF_INET ? CMSG_LEN(sizeof(struct in_pktinfo))
                                   : CMSG_LEN(sizeof(struct in6_pktinfo));
    const char *own = family == AF_INET ? "127.0.0.1" : "::1";
    const char *any = family == AF_INET ? "0.0.0.0" : "::";
    const char *foreign = family == AF_INET ? "192.0.2.1" : "2001:db8::1";
    int level = family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
    int name = family == AF_INET ? IP_PKTINFO : IPV6_RECVPKTINFO;
    union address from;
    socklen_t size = sizeof(from);
    int one, two;

    SHOW(one = socket(family, SOCK_DGRAM, 0));
    SHOW(two = socket(family, SOCK_DGRAM, 0));
    SHOW(option(two, level, name));
    SHOW(bind_to(two, loopback(family, 5220)));
    SHOW(connect_to(one, loopback(family, 5220)));
    SHOW(send(one, "before", 6, 0));
    SHOW(set(two, level, name, 1));
    SHOW(option(two, level, name));
    SHOW(receive(two, sizeof(control)));
    SHOW(send(one, "later", 5, 0));
    SHOW(receive(two, sizeof(control)));
    show_control();
    for (socklen_t room = 0; room < 24; room += 4) {
        SHOW(send(one, "short", 5, 0));
        SHOW(receive(two, room));
        show_control();
    }
    SHOW(set(two, level, name, 0));
    SHOW(send(one, "without", 7, 0));
    SHOW(receive(two, sizeof(control)));
    show_control();
    SHOW(setsockopt(two, level, name, &one, 0));
    SHOW(setsockopt(two, level, name, "\1", 1));
    SHOW(set(two, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1));
    SHOW(option(two, IPPROTO_IPV6, IPV6_RECVPKTINFO));
    SHOW(set(two, IPPROTO_IP, IP_PKTINFO, 7));
    SHOW(option(two, IPPROTO_IP, IP_PKTINFO));

    SHOW(send_from(one, own, 1, len, len));
    SHOW(recvfrom(two, data, 10, 0, &from.any, &size));
    SHOW_TRUTH(port_of(&from) == own_port(one));
    SHOW(send_from(one, any, 1, len, len));
    SHOW(recv(two, data, 10, 0));
    SHOW(send_from(one, own, 0, len, len));
    SHOW(recv(two, data, 10, 0));
    SHOW_TRUTH(send_from(one, foreign, 0, len, len) < 0);
    SHOW(send_from(one, own, 12345, len, len));
    SHOW(send_from(one, own, 1, len, len - 1));
    SHOW(send_from(one, own, 1, len, len + 1));
    SHOW(send_from(one, own, 1, len, 3));
    SHOW(send_from(one, own, 1, len - 1, len));
    SHOW(send_from(one, own, 1, 5, len)); /* too short for a header */
    SHOW(send(one, "as ever", 7, 0));
    SHOW(recv(two, data, 10, 0));
    SHOW(close(one));
    SHOW(close(two));
}

static void
one_family(void)
{
    shared_streams();
    shared_datagrams();
    devices(SOCK_STREAM);
    devices(SOCK_DGRAM);
    packets();
}

void
places(void)
{
    show_subject("places, IPv4");
    family = AF_INET;
    one_family();
    show_subject("places, IPv6");
    family = AF_INET6;
    one_family();
}

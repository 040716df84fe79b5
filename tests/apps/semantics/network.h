/* Addresses of the loopback interface for both families, so that each test runs over either. */
#ifndef NETWORK_H
#define NETWORK_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

union address {
    struct sockaddr any;
    struct sockaddr_in ip4;
    struct sockaddr_in6 ip6;
};

static inline socklen_t
size_of(const union address *a)
{
    return a->any.sa_family == AF_INET ? sizeof(a->ip4) : sizeof(a->ip6);
}

/* This machine itself. */
static inline union address
loopback(int family, int port)
{
    union address a;

    memset(&a, 0, sizeof(a));
    a.any.sa_family = (sa_family_t)family;
    if (family == AF_INET) {
        a.ip4.sin_port = htons((uint16_t)port);
        a.ip4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    } else {
        a.ip6.sin6_port = htons((uint16_t)port);
        a.ip6.sin6_addr = in6addr_loopback;
    }
    return a;
}

static inline int
port_of(const union address *a)
{
    return ntohs(a->any.sa_family == AF_INET ? a->ip4.sin_port : a->ip6.sin6_port);
}

static inline int
bind_to(int fd, union address a)
{
    return bind(fd, &a.any, size_of(&a));
}

static inline int
connect_to(int fd, union address a)
{
    return connect(fd, &a.any, size_of(&a));
}

/* The port that a socket is bound to, or -1. */
static inline int
own_port(int fd)
{
    union address a;
    socklen_t size = sizeof(a);

    return getsockname(fd, &a.any, &size) < 0 ? -1 : port_of(&a);
}

static inline int
option(int fd, int level, int name)
{
    int value = 0;
    socklen_t size = sizeof(value);

    return getsockopt(fd, level, name, &value, &size) < 0 ? -1 : value;
}

#endif

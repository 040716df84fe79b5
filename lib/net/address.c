/*
 * Socket addresses between Linux's layout and lwIP's. They differ in the first two bytes, a
 * 16-bit family there, a length and a family here, and agree in the rest, which is asserted.
 */
#include "lib/net/socket.h"
#include "kernel/kernel.h"
#include "kernel/string.h"

_Static_assert(sizeof(struct linux_sockaddr_in) == sizeof(struct sockaddr_in) &&
                   offsetof(struct linux_sockaddr_in, port) ==
                       offsetof(struct sockaddr_in, sin_port) &&
                   offsetof(struct linux_sockaddr_in, address) ==
                       offsetof(struct sockaddr_in, sin_addr),
               "lwIP's sockaddr_in has another layout");
_Static_assert(sizeof(struct linux_sockaddr_in6) == sizeof(struct sockaddr_in6) &&
                   offsetof(struct linux_sockaddr_in6, port) ==
                       offsetof(struct sockaddr_in6, sin6_port) &&
                   offsetof(struct linux_sockaddr_in6, address) ==
                       offsetof(struct sockaddr_in6, sin6_addr) &&
                   offsetof(struct linux_sockaddr_in6, scope) ==
                       offsetof(struct sockaddr_in6, sin6_scope_id),
               "lwIP's sockaddr_in6 has another layout");

int
socket_address_in(const void *address, uint32_t len, union socket_address *out,
                  socklen_t *out_len)
{
    uint16_t family;
    size_t least, whole;

    if (len < sizeof(family))
        return -EINVAL;
    memcpy(&family, address, sizeof(family));
    switch (family) {
    case LINUX_AF_UNSPEC:
        least = whole = sizeof(family);
        break;
    case LINUX_AF_INET:
        least = whole = sizeof(out->ip4);
        break;
    case LINUX_AF_INET6:
        least = LINUX_SOCKADDR_IN6_MIN;
        whole = sizeof(out->ip6);
        break;
    default:
        return -EAFNOSUPPORT;
    }
    if (len < least)
        return -EINVAL;
    memset(out, 0, sizeof(*out));
    memcpy(out, address, MIN((size_t)len, whole));
    out->any.sa_len = (u8_t)whole;
    out->any.sa_family = (sa_family_t)family;
    *out_len = (socklen_t)whole;
    return 0;
}

/* ::ffff:a.b.c.d stands for an IPv4 address (RFC 4291, 2.5.5.2). */
bool
socket_address_is_ip6(const union socket_address *address)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

    return address->any.sa_family == AF_INET6 &&
           memcmp(&address->ip6.sin6_addr, mapped, sizeof(mapped)) != 0;
}

void
socket_address_destination(union socket_address *address)
{
    static const struct in6_addr none, self = {.s6_addr = {[15] = 1}};

    if (address->any.sa_family == AF_INET && !address->ip4.sin_addr.s_addr)
        address->ip4.sin_addr.s_addr = PP_HTONL(INADDR_LOOPBACK);
    if (address->any.sa_family == AF_INET6 &&
        memcmp(&address->ip6.sin6_addr, &none, sizeof(none)) == 0)
        address->ip6.sin6_addr = self;
}

void
socket_address_out(const union socket_address *from, void *to, uint32_t *len)
{
    union socket_address copy = *from;
    uint16_t family = from->any.sa_family;
    uint32_t whole = family == AF_INET6 ? sizeof(copy.ip6) : sizeof(copy.ip4);

    memcpy(&copy, &family, sizeof(family));
    memcpy(to, &copy, MIN(*len, whole));
    *len = whole;
}

/* Socket addresses between Linux's layouts and lwIP's. */
#include "lib/net/socket.h"
#include "kernel/kernel.h"
#include "kernel/string.h"
#include "lwip/def.h"

static void
take4(const void *from, struct socket_address *out)
{
    struct linux_sockaddr_in in;

    memcpy(&in, from, sizeof(in));
    ip_addr_set_ip4_u32(&out->ip, in.address);
    out->port = lwip_ntohs(in.port);
}

/* ::ffff:a.b.c.d stands for an IPv4 address (RFC 4291, 2.5.5.2). */
static void
take6(const void *from, uint32_t len, struct socket_address *out)
{
    struct linux_sockaddr_in6 in = {0};
    ip6_addr_t ip = {0};

    memcpy(&in, from, MIN(len, (uint32_t)sizeof(in)));
    memcpy(ip.addr, in.address, sizeof(in.address));
    out->port = lwip_ntohs(in.port);
    if (ip6_addr_isipv4mappedipv6(&ip)) {
        ip_addr_set_ip4_u32(&out->ip, ip.addr[3]);
        return;
    }
    if (ip6_addr_has_scope(&ip, IP6_UNKNOWN))
        ip6_addr_set_zone(&ip, (u8_t)in.scope);
    ip_addr_copy_from_ip6(out->ip, ip);
}

int
socket_address_in(const void *address, uint32_t len, struct socket_address *out)
{
    memset(out, 0, sizeof(*out));
    if (len < sizeof(out->family))
        return -EINVAL;
    memcpy(&out->family, address, sizeof(out->family));
    switch (out->family) {
    case LINUX_AF_UNSPEC:
        return 0;
    case LINUX_AF_INET:
        if (len < sizeof(struct linux_sockaddr_in))
            return -EINVAL;
        take4(address, out);
        return 0;
    case LINUX_AF_INET6:
        if (len < LINUX_SOCKADDR_IN6_MIN)
            return -EINVAL;
        take6(address, len, out);
        return 0;
    default:
        return -EAFNOSUPPORT;
    }
}

void
socket_address_destination(struct socket_address *address)
{
    static const ip_addr_t self6 = IPADDR6_INIT_HOST(0, 0, 0, 1);

    if (!ip_addr_isany(&address->ip))
        return;
    if (IP_IS_V6(&address->ip))
        address->ip = self6;
    else
        ip_addr_set_loopback(0, &address->ip);
}

static void
put6(const ip_addr_t *from, struct linux_sockaddr_in6 *to)
{
    ip6_addr_t mapped;
    const ip6_addr_t *ip = ip_2_ip6(from);

    if (IP_IS_V4(from)) {
        ip4_2_ipv4_mapped_ipv6(&mapped, ip_2_ip4(from));
        ip = &mapped;
    }
    memcpy(to->address, ip->addr, sizeof(to->address));
    to->scope = ip6_addr_zone(ip);
}

void
socket_address_out(const ip_addr_t *from, uint16_t port, int domain, void *to, uint32_t *len)
{
    struct linux_sockaddr_in6 out6 = {.family = LINUX_AF_INET6, .port = lwip_htons(port)};
    struct linux_sockaddr_in out4 = {.family = LINUX_AF_INET, .port = lwip_htons(port)};
    bool ip6 = domain == LINUX_AF_INET6;
    uint32_t whole = ip6 ? sizeof(out6) : sizeof(out4);

    if (ip6)
        put6(from, &out6);
    else
        out4.address = ip_2_ip4(from)->addr;
    memcpy(to, ip6 ? (void *)&out6 : (void *)&out4, MIN(*len, whole));
    *len = whole;
}

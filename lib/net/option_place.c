/*
 * Options about where a socket is: which ports and interfaces are its own, and whether it hears
 * where a datagram was sent to; and where a raw socket's checksum is.
 */
#include "lib/net/core.h"
#include "lib/net/links.h"
#include "lib/net/reuse.h"
#include "lib/net/socket.h"
#include "kernel/kernel.h"
#include "kernel/string.h"
#include "lwip/ip.h"
#include "lwip/prot/ip6.h"
#include "lwip/raw.h"
#include "lwip/udp.h"

/* The name of an interface, not necessarily with its final 0; "" is none. */
static int
bind_to_device(struct socket *socket, const void *name, uint32_t len)
{
    struct ip_pcb *pcb = socket->pcb.ip;
    char text[LINK_NAME_SIZE] = {0};
    const struct netif *netif = NULL;

    memcpy(text, name, MIN(len, (uint32_t)sizeof(text) - 1));
    if (*text) {
        netif = link_by_name(text);
        if (!netif)
            return -ENODEV;
    }
    if (pcb)
        pcb->netif_idx = netif ? netif_get_index(netif) : NETIF_NO_INDEX;
    return 0;
}

static int
get_device(const struct socket *socket, void *to, uint32_t *len)
{
    const struct ip_pcb *pcb = socket->pcb.ip;
    const struct netif *netif = pcb ? link_by_index(pcb->netif_idx) : NULL;

    if (!netif) {
        *len = 0;
        return 0;
    }
    if (*len < LINK_NAME_SIZE)
        return -EINVAL;
    return socket_give(to, len, link_name(netif), strlen(link_name(netif)) + 1);
}

/* The interface of groups, by its address. */
static int
set_multicast_address(struct socket *socket, const void *from, uint32_t len)
{
    ip4_addr_t address;

    if (len < sizeof(address))
        return -EINVAL;
    if (socket->type != LINUX_SOCK_DGRAM)
        return -ENOPROTOOPT;
    memcpy(&address, from, sizeof(address));
    udp_set_multicast_netif_addr(socket->pcb.udp, &address);
    return 0;
}

static int
get_multicast_address(const struct socket *socket, void *to, uint32_t *len)
{
    if (socket->type != LINUX_SOCK_DGRAM)
        return -ENOPROTOOPT;
    return socket_give(to, len, udp_get_multicast_netif_addr(socket->pcb.udp),
                       sizeof(ip4_addr_t));
}

/* Where a raw socket's checksum lies, negative: it has none (RFC 3542, 3.1). */
static int
set_checksum(struct socket *socket, int at)
{
    struct raw_pcb *pcb = socket->pcb.raw;

    if (socket->type != LINUX_SOCK_RAW)
        return -ENOPROTOOPT;
    if (socket->protocol == IP6_NEXTH_ICMP6 || (at >= 0 && at & 1))
        return -EINVAL;
    pcb->chksum_reqd = at >= 0;
    if (at >= 0)
        pcb->chksum_offset = (u16_t)at;
    return 0;
}

/* Of level IP a byte will do, and none is 0. */
static int
read_word(int level, const void *from, uint32_t len, int *out)
{
    *out = 0;
    if (len >= sizeof(*out))
        memcpy(out, from, sizeof(*out));
    else if (level != LINUX_IPPROTO_IP)
        return -EINVAL;
    else if (len)
        *out = *(const uint8_t *)from;
    return 0;
}

int
socket_set_place_option(struct socket *socket, int level, int name, const void *from,
                        uint32_t len)
{
    int value, error;

    if (level == LINUX_SOL_SOCKET && name == LINUX_SO_BINDTODEVICE)
        return bind_to_device(socket, from, len);
    if (level == LINUX_IPPROTO_IP && name == LINUX_IP_MULTICAST_IF)
        return set_multicast_address(socket, from, len);
    error = read_word(level, from, len, &value);
    if (level == LINUX_SOL_SOCKET && name == LINUX_SO_REUSEPORT) {
        if (!error)
            reuse_set(socket, value != 0);
        return error;
    }
    if (level == LINUX_IPPROTO_IP && name == LINUX_IP_PKTINFO) {
        socket->packet_info4 = value != 0;
        return error;
    }
    if (level == LINUX_IPPROTO_IPV6 && name == LINUX_IPV6_RECVPKTINFO &&
        socket->domain == LINUX_AF_INET6) {
        if (!error)
            socket->packet_info6 = value != 0;
        return error;
    }
    if (level == LINUX_IPPROTO_IPV6 && name == LINUX_IPV6_CHECKSUM)
        return error ? error : set_checksum(socket, value);
    return -ENOPROTOOPT;
}

int
socket_get_place_option(struct socket *socket, int level, int name, void *to, uint32_t *len)
{
    int value;

    if (level == LINUX_SOL_SOCKET && name == LINUX_SO_BINDTODEVICE)
        return get_device(socket, to, len);
    if (level == LINUX_IPPROTO_IP && name == LINUX_IP_MULTICAST_IF)
        return get_multicast_address(socket, to, len);
    if (level == LINUX_SOL_SOCKET && name == LINUX_SO_REUSEPORT)
        value = reuse_is_set(socket);
    else if (level == LINUX_IPPROTO_IP && name == LINUX_IP_PKTINFO)
        value = socket->packet_info4;
    else if (level == LINUX_IPPROTO_IPV6 && name == LINUX_IPV6_CHECKSUM &&
             socket->type == LINUX_SOCK_RAW)
        value = socket->pcb.raw->chksum_reqd ? socket->pcb.raw->chksum_offset : -1;
    else if (level != LINUX_IPPROTO_IPV6 || name != LINUX_IPV6_RECVPKTINFO)
        return -ENOPROTOOPT;
    else if (socket->domain == LINUX_AF_INET)
        return -EOPNOTSUPP; /* as Linux */
    else
        value = socket->packet_info6;
    return socket_give(to, len, &value, sizeof(value));
}

/*
 * Options about where a socket is: which ports and interfaces are its own, and whether it hears
 * where a datagram was sent to.
 */
#include "lib/net/core.h"
#include "lib/net/links.h"
#include "lib/net/reuse.h"
#include "lib/net/socket.h"
#include "kernel/kernel.h"
#include "kernel/string.h"
#include "lwip/api.h"
#include "lwip/ip.h"
#include "lwip/priv/sockets_priv.h"

/* The name of an interface, not necessarily with its final 0; "" is none. */
static int
bind_to_device(struct socket *socket, const void *name, uint32_t len)
{
    struct ip_pcb *pcb = socket_inner(socket)->conn->pcb.ip;
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
    const struct ip_pcb *pcb = socket_inner(socket)->conn->pcb.ip;
    const struct netif *netif = pcb ? link_by_index(pcb->netif_idx) : NULL;

    if (!netif) {
        *len = 0;
        return 0;
    }
    if (*len < LINK_NAME_SIZE)
        return -EINVAL;
    return socket_give(to, len, link_name(netif), strlen(link_name(netif)) + 1);
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
    return -ENOPROTOOPT;
}

int
socket_get_place_option(struct socket *socket, int level, int name, void *to, uint32_t *len)
{
    int value;

    if (level == LINUX_SOL_SOCKET && name == LINUX_SO_BINDTODEVICE)
        return get_device(socket, to, len);
    if (level == LINUX_SOL_SOCKET && name == LINUX_SO_REUSEPORT)
        value = reuse_is_set(socket);
    else if (level == LINUX_IPPROTO_IP && name == LINUX_IP_PKTINFO)
        value = socket->packet_info4;
    else if (level != LINUX_IPPROTO_IPV6 || name != LINUX_IPV6_RECVPKTINFO)
        return -ENOPROTOOPT;
    else if (socket->domain == LINUX_AF_INET)
        return -EOPNOTSUPP; /* as Linux */
    else
        value = socket->packet_info6;
    return socket_give(to, len, &value, sizeof(value));
}

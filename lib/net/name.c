/* The names of a socket: giving it one, and telling both ends'. */
#include "lib/net/core.h"
#include "lib/net/reuse.h"
#include "lib/net/socket.h"
#include "kernel/kernel.h"
#include "lwip/raw.h"
#include "lwip/tcp.h"
#include "lwip/udp.h"

/* lwIP would put a TCP connection that is bound twice into its list twice, and then walk that
 * list for ever. */
static bool
is_bound(const struct socket *socket)
{
    switch (socket->type) {
    case LINUX_SOCK_STREAM:
        return !socket->pcb.tcp || socket->state == SOCKET_ROUTELESS ||
               socket->pcb.tcp->local_port; /* or it was: the connection ended */
    case LINUX_SOCK_DGRAM:
        return socket->pcb.udp->local_port;
    default:
        return false; /* no ports */
    }
}

int
socket_bind(struct file *file, const void *name, uint32_t len)
{
    struct socket *socket = socket_of(file);
    struct socket_address own;
    int error = socket_address_in(name, len, &own);

    if (error)
        return error;
    if (own.family == LINUX_AF_UNSPEC)
        return -EAFNOSUPPORT;
    if (own.family != socket->domain || is_bound(socket))
        return -EINVAL;
    if (own.family == LINUX_AF_INET6 && ip_addr_isany(&own.ip) && !socket->only_ip6)
        IP_SET_TYPE_VAL(own.ip, IPADDR_TYPE_ANY); /* both families */
    net_core_enter();
    error = reuse_bind(socket, &own.ip, own.port);
    net_core_leave();
    return error;
}

/* What a connected datagram socket sends from is known on Linux from connect on, which is how
 * programs find the address that leads to a peer, getaddrinfo among them. lwIP chooses with
 * each datagram, so it is asked what it would choose now. */
static const ip_addr_t *
own_address(const struct socket *socket)
{
    const struct ip_pcb *pcb = socket->pcb.ip;
    const ip_addr_t *source = NULL;

    if (socket->type != LINUX_SOCK_DGRAM || socket->state != SOCKET_CONNECTED ||
        !ip_addr_isany(&pcb->local_ip))
        return &pcb->local_ip;
    net_core_enter();
    struct netif *card = ip_route(&pcb->local_ip, &pcb->remote_ip);
    if (card)
        source = ip_netif_get_local_ip(card, &pcb->remote_ip);
    net_core_leave();
    return source ? source : &pcb->local_ip;
}

static uint16_t
own_port(const struct socket *socket)
{
    switch (socket->type) {
    case LINUX_SOCK_STREAM:
        return socket->pcb.tcp->local_port;
    case LINUX_SOCK_DGRAM:
        return socket->pcb.udp->local_port;
    default:
        return socket->protocol;
    }
}

int
socket_name(struct file *file, bool peer, void *to, uint32_t *len)
{
    const struct socket *socket = socket_of(file);
    const struct ip_pcb *pcb = socket->pcb.ip;

    if ((int32_t)*len < 0)
        return -EINVAL;
    if (!pcb || (peer && (socket->state != SOCKET_CONNECTED || socket->type == LINUX_SOCK_RAW)))
        return -ENOTCONN;
    if (!peer)
        socket_address_out(own_address(socket), own_port(socket), socket->domain, to, len);
    else
        socket_address_out(&pcb->remote_ip,
                           socket->type == LINUX_SOCK_STREAM ? socket->pcb.tcp->remote_port
                                                             : socket->pcb.udp->remote_port,
                           socket->domain, to, len);
    return 0;
}

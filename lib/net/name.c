/*
 * The names of a socket: giving it one, and telling both ends'. Addresses are the
 * application's, in Linux's layout.
 */
#include "lib/net/core.h"
#include "lib/net/reuse.h"
#include "lib/net/socket.h"
#include "kernel/kernel.h"
#include "lwip/api.h"
#include "lwip/priv/sockets_priv.h"
#include "lwip/tcp.h"
#include "lwip/udp.h"

/* lwIP would put a TCP connection that is bound twice into its list twice, and then walk that
 * list for ever. */
static bool
is_bound(const struct socket *socket)
{
    const struct netconn *conn = socket_inner(socket)->conn;

    switch (socket->type) {
    case LINUX_SOCK_STREAM:
        return !conn->pcb.tcp || socket->state == SOCKET_ROUTELESS ||
               conn->pcb.tcp->local_port; /* or it was: the connection ended */
    case LINUX_SOCK_DGRAM:
        return conn->pcb.udp->local_port;
    default:
        return false; /* no ports */
    }
}

int
socket_bind(struct socket *socket, const void *name, uint32_t namelen)
{
    union socket_address address;
    socklen_t len;
    int error = socket_address_in(name, namelen, &address, &len);

    if (error)
        return error;
    if (address.any.sa_family == AF_UNSPEC)
        return -EAFNOSUPPORT;
    if (is_bound(socket))
        return -EINVAL;
    return reuse_bind(socket, &address, len);
}

/* As ::ffff:a.b.c.d (RFC 4291, 2.5.5.2). */
static void
put_mapped(const ip4_addr_t *from, struct sockaddr_in6 *to)
{
    ip6_addr_t mapped;

    ip4_2_ipv4_mapped_ipv6(&mapped, from);
    inet6_addr_from_ip6addr(&to->sin6_addr, &mapped);
}

/* What a connected datagram socket sends from is known on Linux from connect on, which is how
 * programs find the address that leads to a peer, getaddrinfo among them. lwIP chooses with
 * each datagram, so it is asked what it would choose now. */
static void
choose_source(const struct socket *socket, union socket_address *address)
{
    const struct udp_pcb *pcb = socket_inner(socket)->conn->pcb.udp;
    const ip_addr_t *source = NULL;

    if (socket->type != LINUX_SOCK_DGRAM || socket->state != SOCKET_CONNECTED ||
        !ip_addr_isany(&pcb->local_ip))
        return;
    net_core_enter();
    struct netif *card = ip_route(&pcb->local_ip, &pcb->remote_ip);
    if (card)
        source = ip_netif_get_local_ip(card, &pcb->remote_ip);
    net_core_leave();
    if (!source)
        return;
    if (address->any.sa_family == AF_INET)
        inet_addr_from_ip4addr(&address->ip4.sin_addr, ip_2_ip4(source));
    else if (IP_IS_V4(source))
        put_mapped(ip_2_ip4(source), &address->ip6);
    else
        inet6_addr_from_ip6addr(&address->ip6.sin6_addr, ip_2_ip6(source));
}

int
socket_get_name(struct socket *socket, bool peer, void *to, uint32_t *len)
{
    union socket_address address;
    socklen_t lwip_len = sizeof(address);
    int error;

    if (!to)
        return 0;
    if (!len)
        return -EFAULT;
    if ((int32_t)*len < 0)
        return -EINVAL;
    error = peer ? lwip_getpeername(socket->number, &address.any, &lwip_len)
                 : lwip_getsockname(socket->number, &address.any, &lwip_len);
    if (error < 0)
        return socket_failure();
    if (!peer)
        choose_source(socket, &address);
    socket_address_out(&address, to, len);
    return 0;
}

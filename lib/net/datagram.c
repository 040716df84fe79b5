/*
 * UDP and raw sockets: whole datagrams, each with the address that it came from. lwIP gives them to
 * the functions below as they come; they wait in a list until they are read.
 */
#include "lib/net/control.h"
#include "lib/net/core.h"
#include "lib/net/socket.h"
#include "kernel/kernel.h"
#include "kernel/string.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/ip6.h"
#include "lwip/prot/udp.h"
#include "lwip/raw.h"
#include "lwip/udp.h"

#define UDP_MAX 128u /* datagrams that wait */
#define RAW_MAX 32u

/* ---- what lwIP gives ---- */

/* Keep a packet, if there is room for it. */
static bool
keep(struct socket *socket, struct pbuf *p, const ip_addr_t *from, u16_t port)
{
    struct socket_datagrams *waiting = &socket->datagrams;
    unsigned most = socket->type == LINUX_SOCK_RAW ? RAW_MAX : UDP_MAX;
    struct socket_datagram *datagram;

    if (waiting->count >= most || (int64_t)waiting->bytes + p->tot_len > socket->receive_buffer)
        return false;
    datagram = net_malloc(sizeof(*datagram));
    if (!datagram)
        return false;
    datagram->packet = p;
    datagram->from = *from;
    datagram->to = *ip_current_dest_addr();
    datagram->port = port;
    datagram->index = netif_get_index(ip_current_input_netif());
    list_init(&datagram->link);
    list_append(&waiting->list, &datagram->link);
    waiting->bytes += p->tot_len;
    waiting->count++;
    wake_all(&socket->changed);
    return true;
}

static void
on_datagram(void *arg, struct udp_pcb *pcb, struct pbuf *p, const ip_addr_t *from, u16_t port)
{
    (void)pcb;
    if (!keep(arg, p, from, port))
        pbuf_free(p);
}

/* A raw socket has a copy: lwIP, or another one, may use the packet. 0: it does. */
static u8_t
on_packet(void *arg, struct raw_pcb *pcb, struct pbuf *p, const ip_addr_t *from)
{
    struct pbuf *copy = pbuf_clone(PBUF_RAW, PBUF_RAM, p);

    (void)pcb;
    if (copy && !keep(arg, copy, from, 0))
        pbuf_free(copy);
    return 0;
}

/* The oldest. */
static struct socket_datagram *
first(const struct socket *socket)
{
    const struct list *list = &socket->datagrams.list;

    return list_empty(list) ? NULL : container_of(list->next, struct socket_datagram, link);
}

static void
drop(struct socket *socket, struct socket_datagram *datagram)
{
    list_remove(&datagram->link);
    socket->datagrams.bytes -= datagram->packet->tot_len;
    socket->datagrams.count--;
    pbuf_free(datagram->packet);
    net_free(datagram);
}

void
socket_refused(uint16_t port, const ip_addr_t *peer, uint16_t peer_port)
{
    for (struct socket *socket = socket_next(NULL); socket; socket = socket_next(socket)) {
        const struct udp_pcb *pcb = socket->pcb.udp;

        if (socket->type != LINUX_SOCK_DGRAM || socket->state != SOCKET_CONNECTED ||
            pcb->local_port != port || pcb->remote_port != peer_port ||
            !ip_addr_cmp(&pcb->remote_ip, peer))
            continue;
        socket->error = ECONNREFUSED;
        wake_all(&socket->changed);
    }
}

/* ---- life ---- */

static void
open_raw(struct socket *socket, u8_t type)
{
    struct raw_pcb *pcb = raw_new_ip_type(type, (u8_t)socket->protocol);

    socket->pcb.raw = pcb;
    if (!pcb)
        return;
    raw_recv(pcb, on_packet, socket);
    if (type == IPADDR_TYPE_V4 || socket->protocol != IP6_NEXTH_ICMP6)
        return;
    pcb->chksum_reqd = 1; /* always made here (RFC 3542, 3.1) */
    pcb->chksum_offset = 2;
}

int
datagram_open(struct socket *socket)
{
    u8_t type = socket->domain == LINUX_AF_INET6 ? IPADDR_TYPE_ANY : IPADDR_TYPE_V4;

    list_init(&socket->datagrams.list);
    net_core_enter();
    if (socket->type == LINUX_SOCK_RAW) {
        open_raw(socket, type);
    } else {
        socket->pcb.udp = udp_new_ip_type(type);
        if (socket->pcb.udp)
            udp_recv(socket->pcb.udp, on_datagram, socket);
    }
    net_core_leave();
    return socket->pcb.ip ? 0 : -ENOMEM;
}

void
datagram_close(struct socket *socket)
{
    struct socket_datagram *datagram;

    net_core_enter();
    multicast_leave_all(socket);
    if (socket->type == LINUX_SOCK_RAW)
        raw_remove(socket->pcb.raw);
    else
        udp_remove(socket->pcb.udp);
    while ((datagram = first(socket)))
        drop(socket, datagram);
    net_core_leave();
}

int
datagram_connect(struct socket *socket, const ip_addr_t *peer, uint16_t port)
{
    bool raw = socket->type == LINUX_SOCK_RAW;
    err_t error = ERR_OK;

    socket->error = 0;
    net_core_enter();
    if (peer)
        error =
            raw ? raw_connect(socket->pcb.raw, peer) : udp_connect(socket->pcb.udp, peer, port);
    else if (raw)
        raw_disconnect(socket->pcb.raw);
    else
        udp_disconnect(socket->pcb.udp);
    net_core_leave();
    if (!error)
        socket->state = peer ? SOCKET_CONNECTED : SOCKET_FRESH;
    return socket_errno(error);
}

/* ---- sending ---- */

/* Once, to `to`, or to the peer. Copied into one buffer with room for its headers, which is what
 * the card reads. */
static int
send_once(struct socket *socket, const struct socket_message *message, size_t total,
          const struct socket_address *to, const struct control_source *source)
{
    struct control_source before;
    struct pbuf *p;
    err_t error;

    net_core_enter();
    p = pbuf_alloc(PBUF_TRANSPORT, (u16_t)total, PBUF_RAM);
    if (p) {
        socket_copy_in(message, 0, p->payload, total);
        control_apply(socket, source, &before);
        if (socket->type == LINUX_SOCK_RAW)
            error = to ? raw_sendto(socket->pcb.raw, p, &to->ip) : raw_send(socket->pcb.raw, p);
        else
            error = to ? udp_sendto(socket->pcb.udp, p, &to->ip, to->port)
                       : udp_send(socket->pcb.udp, p);
        control_undo(socket, &before);
        pbuf_free(p);
    } else {
        error = ERR_MEM;
    }
    net_core_leave();
    return error == ERR_MEM ? -ENOBUFS : socket_errno(error);
}

/* Where a message goes; *to stays as it is where that is the peer. */
static int
destination(const struct socket *socket, const struct socket_message *message,
            struct socket_address *to)
{
    int error;

    if (!message->name)
        return socket->state == SOCKET_CONNECTED ? 0 : -EDESTADDRREQ;
    error = socket_address_in(message->name, message->namelen, to);
    if (error)
        return error;
    if (to->family == LINUX_AF_UNSPEC)
        return -EINVAL;
    if (socket->domain == LINUX_AF_INET && to->family != LINUX_AF_INET)
        return -EAFNOSUPPORT;
    socket_address_destination(to);
    return 0;
}

/* Bytes that fit into a packet beside its headers. */
static long
longest(const struct socket *socket, bool ip6)
{
    return 0xffff - (ip6 ? IP6_HLEN : IP_HLEN) -
           (socket->type == LINUX_SOCK_RAW ? 0 : UDP_HLEN);
}

long
datagram_send(struct socket *socket, const struct socket_message *message, long total,
              unsigned flags)
{
    uint64_t deadline = socket_deadline(socket->send_timeout);
    struct socket_address to = {.ip = *IP4_ADDR_ANY};
    struct control_source source;
    int error = destination(socket, message, &to);

    if (error)
        return error;
    bool ip6 = message->name ? IP_IS_V6(&to.ip) : socket->domain == LINUX_AF_INET6;
    if (socket->write_shut)
        return -EPIPE;
    if (socket->error)
        return -socket_error(socket);
    if (total > longest(socket, ip6))
        return -EMSGSIZE;
    error = control_in(message, ip6, &source);
    if (error)
        return error;
    do {
        error = send_once(socket, message, (size_t)total, message->name ? &to : NULL, &source);
        if (!error)
            return total;
        error = socket_wait_route(socket, ip6, flags & LINUX_MSG_DONTWAIT, deadline, error);
    } while (!error);
    return error;
}

/* ---- receiving ---- */

/* Linux shows the IP header of a raw socket's packet where it is one of IPv4. */
static size_t
hidden(const struct socket *socket, const struct socket_datagram *datagram)
{
    return socket->type == LINUX_SOCK_RAW && IP_IS_V6(&datagram->from) ? IP6_HLEN : 0;
}

static void
copy_out(const struct pbuf *p, size_t skip, const struct socket_message *message, size_t len)
{
    for (size_t done = 0; done < len; p = p->next) {
        size_t from = MIN(skip, (size_t)p->len);

        skip -= from;
        done += socket_copy_out(message, done, (const char *)p->payload + from,
                                MIN(p->len - from, len - done));
    }
}

/* The oldest datagram, which is waited for; NULL with *error 0: none will come. */
static struct socket_datagram *
await(struct socket *socket, bool dontwait, int *error)
{
    uint64_t deadline = socket_deadline(socket->receive_timeout);
    struct socket_datagram *datagram = NULL;

    *error = 0;
    while (!socket->read_shut) {
        *error = -socket_error(socket);
        datagram = first(socket);
        if (*error || datagram)
            break;
        *error = socket_wait(socket, FILE_POLLIN, dontwait, deadline);
        if (*error)
            break;
    }
    return *error ? NULL : datagram;
}

long
datagram_receive(struct socket *socket, struct socket_message *message, long total,
                 unsigned flags)
{
    int error;
    struct socket_datagram *datagram = await(socket, flags & LINUX_MSG_DONTWAIT, &error);

    if (!datagram)
        return error;
    size_t skip = hidden(socket, datagram), len = datagram->packet->tot_len - skip;
    size_t room = MIN(len, (size_t)total);
    copy_out(datagram->packet, skip, message, room);
    if (message->name)
        socket_address_out(&datagram->from, datagram->port, socket->domain, message->name,
                           &message->namelen);
    control_out(socket, datagram, message);
    if (!(flags & LINUX_MSG_PEEK)) {
        net_core_enter();
        drop(socket, datagram);
        net_core_leave();
    }
    if (len > room)
        message->flags |= LINUX_MSG_TRUNC;
    return (long)(flags & LINUX_MSG_TRUNC ? len : room);
}

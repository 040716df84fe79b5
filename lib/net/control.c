/*
 * Control messages of datagrams: where one that came was sent to (IP_PKTINFO, IPV6_RECVPKTINFO),
 * and by which address and interface one is to leave. Other control messages are passed over.
 * Layouts are Linux's (ip(7), ipv6(7), cmsg(3)).
 */
#include "lib/net/control.h"
#include "lib/net/core.h"
#include "lib/net/links.h"
#include "kernel/kernel.h"
#include "kernel/string.h"
#include "lwip/ip.h"

struct info4 {
    int32_t index;
    uint32_t own, to; /* network byte order */
};

struct info6 {
    uint8_t to[16];
    uint32_t index;
};

/* ---- received ---- */

static void
put4(struct socket_message *message, const struct socket_datagram *datagram)
{
    const struct netif *netif = link_by_index(datagram->index);
    struct info4 info = {datagram->index, ip_2_ip4(&datagram->to)->addr,
                         ip_2_ip4(&datagram->to)->addr};

    if (netif && !ip4_addr_cmp(netif_ip4_addr(netif), ip_2_ip4(&datagram->to)))
        info.own = netif_ip4_addr(netif)->addr; /* of a broadcast, say */
    socket_put_control(message, LINUX_IPPROTO_IP, LINUX_IP_PKTINFO, &info, sizeof(info));
}

static void
put6(struct socket_message *message, const struct socket_datagram *datagram)
{
    struct info6 info = {.index = datagram->index};
    ip6_addr_t mapped;

    if (IP_IS_V4(&datagram->to)) {
        ip4_2_ipv4_mapped_ipv6(&mapped, ip_2_ip4(&datagram->to));
        memcpy(info.to, mapped.addr, sizeof(info.to));
    } else {
        memcpy(info.to, ip_2_ip6(&datagram->to)->addr, sizeof(info.to));
    }
    socket_put_control(message, LINUX_IPPROTO_IPV6, LINUX_IPV6_PKTINFO, &info, sizeof(info));
}

void
control_out(const struct socket *socket, const struct socket_datagram *datagram,
            struct socket_message *message)
{
    if (socket->packet_info6)
        put6(message, datagram);
    if (socket->packet_info4 && IP_IS_V4(&datagram->to))
        put4(message, datagram);
}

/* ---- sent ---- */

static int
take4(const void *value, size_t size, struct control_source *source)
{
    struct info4 info;

    if (size != sizeof(info))
        return -EINVAL;
    memcpy(&info, value, sizeof(info));
    source->index = info.index;
    ip_addr_set_ip4_u32(&source->from, info.own);
    return 0;
}

static int
take6(const void *value, size_t size, struct control_source *source)
{
    struct info6 info;
    ip6_addr_t ip6;

    if (size < sizeof(info))
        return -EINVAL;
    memcpy(&info, value, sizeof(info));
    source->index = (int32_t)info.index;
    memset(&ip6, 0, sizeof(ip6));
    memcpy(ip6.addr, info.to, sizeof(info.to));
    if (ip6_addr_isipv4mappedipv6(&ip6)) {
        ip_addr_set_ip4_u32(&source->from, ip6.addr[3]);
    } else {
        ip_addr_copy_from_ip6(source->from, ip6);
    }
    return 0;
}

/* One control message. */
static int
take(const struct socket_cmsg *head, const void *value, bool ip6, struct control_source *source)
{
    size_t size = head->len - sizeof(*head);

    if (!ip6 && head->level == LINUX_IPPROTO_IP && head->type == LINUX_IP_PKTINFO)
        return take4(value, size, source);
    if (head->level == LINUX_IPPROTO_IPV6 && head->type == LINUX_IPV6_PKTINFO)
        return take6(value, size, source);
    return 0;
}

static struct netif *
owner_of(const ip_addr_t *address)
{
    struct netif *netif;

    NETIF_FOREACH(netif)
    {
        if (IP_IS_V4(address) ? ip4_addr_cmp(netif_ip4_addr(netif), ip_2_ip4(address))
                              : netif_get_ip6_addr_match(netif, ip_2_ip6(address)) >= 0)
            return netif;
    }
    return NULL;
}

/* The interface and address that were asked for exist, and fit. */
static int
check_source(struct control_source *source)
{
    struct netif *netif = link_by_index(source->index);

    if (source->index && !netif)
        return -ENODEV;
    if (ip_addr_isany(&source->from))
        return 0;
    net_core_enter();
    if (IP_IS_V6_VAL(source->from))
        ip6_addr_select_zone(ip_2_ip6(&source->from), ip_2_ip6(&source->from));
    netif = owner_of(&source->from);
    net_core_leave();
    if (!netif)
        return -EINVAL; /* somebody else's address */
    if (!source->index)
        source->index = netif_get_index(netif);
    return 0;
}

int
control_in(const struct socket_message *message, bool ip6, struct control_source *source)
{
    uint32_t at = 0;
    struct socket_cmsg head;

    memset(source, 0, sizeof(*source));
    if (!message->control || !message->control_room)
        return 0;
    if (message->control_room < sizeof(head))
        return -EINVAL;
    while (message->control_room - at >= sizeof(head)) {
        const char *from = (const char *)message->control + at;
        int error;

        memcpy(&head, from, sizeof(head));
        if (head.len < sizeof(head) || head.len > message->control_room - at)
            return -EINVAL;
        error = take(&head, from + sizeof(head), ip6, source);
        if (error)
            return error;
        at += MIN(SOCKET_CMSG_ALIGNED(head.len), message->control_room - at);
    }
    return check_source(source);
}

void
control_apply(struct socket *socket, const struct control_source *source,
              struct control_source *before)
{
    struct ip_pcb *pcb = socket->pcb.ip;

    *before = (struct control_source){.from = pcb->local_ip, .index = pcb->netif_idx};
    if (source->index)
        pcb->netif_idx = (u8_t)source->index;
    if (!ip_addr_isany(&source->from))
        ip_addr_copy(pcb->local_ip, source->from);
}

void
control_undo(struct socket *socket, const struct control_source *before)
{
    struct ip_pcb *pcb = socket->pcb.ip;

    ip_addr_copy(pcb->local_ip, before->from);
    pcb->netif_idx = (u8_t)before->index;
}

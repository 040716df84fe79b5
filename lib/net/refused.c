/*
 * UDP to a port where nobody listens. The machine there says so with an ICMP message that
 * quotes the datagram (RFC 792; RFC 4443, 3.1). lwIP drops it; here it becomes the error of the
 * connected socket that sent the datagram (RFC 1122, 4.1.3.3). Raw sockets of lwIP see every
 * ICMP message before lwIP does, and leave it alone.
 */
#include "lib/net/core.h"
#include "lib/net/socket.h"
#include "kernel/kernel.h"
#include "lwip/icmp.h"
#include "lwip/inet_chksum.h"
#include "lwip/prot/icmp.h"
#include "lwip/prot/icmp6.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/ip6.h"
#include "lwip/prot/udp.h"
#include "lwip/raw.h"

/* The sum over the whole message, which `p` starts with, is right, or nobody made one: the
 * loopback interface has none. */
static bool
is_intact(struct pbuf *p, bool ip6)
{
    u16_t check = ip6 ? NETIF_CHECKSUM_CHECK_ICMP6 : NETIF_CHECKSUM_CHECK_ICMP;

    if (!(ip_current_input_netif()->chksum_flags & check))
        return true;
    if (!ip6)
        return inet_chksum_pbuf(p) == 0;
    return ip6_chksum_pseudo(p, IP6_NEXTH_ICMP6, p->tot_len, ip6_current_src_addr(),
                             ip6_current_dest_addr()) == 0;
}

static bool
copy(const struct pbuf *p, unsigned at, void *to, u16_t size)
{
    return at <= p->tot_len && pbuf_copy_partial(p, to, size, (u16_t)at) == size;
}

/* Find the quoted datagram's UDP header and destination; false if it was none of ours. */
static bool
quoted4(const struct pbuf *p, unsigned at, struct udp_hdr *udp, ip_addr_t *peer)
{
    struct ip_hdr ip;

    if (!copy(p, at, &ip, sizeof(ip)) || IPH_V(&ip) != 4 || IPH_PROTO(&ip) != IP_PROTO_UDP ||
        (IPH_OFFSET(&ip) & PP_HTONS(IP_OFFMASK)) || IPH_HL_BYTES(&ip) < sizeof(ip))
        return false;
    ip_addr_copy_from_ip4(*peer, ip.dest);
    return copy(p, at + IPH_HL_BYTES(&ip), udp, sizeof(*udp));
}

static bool
quoted6(const struct pbuf *p, unsigned at, struct udp_hdr *udp, ip_addr_t *peer)
{
    struct ip6_hdr ip;

    if (!copy(p, at, &ip, sizeof(ip)) || IP6H_V(&ip) != 6 || IP6H_NEXTH(&ip) != IP6_NEXTH_UDP)
        return false;
    ip_addr_copy_from_ip6_packed(*peer, ip.dest);
    ip6_addr_assign_zone(ip_2_ip6(peer), IP6_UNICAST, ip_current_input_netif());
    return copy(p, at + sizeof(ip), udp, sizeof(*udp));
}

static void
look_at(struct pbuf *p, bool ip6)
{
    struct icmp6_hdr head; /* the first 8 bytes are the same in both versions */
    struct udp_hdr udp;
    ip_addr_t peer;

    if (!copy(p, 0, &head, sizeof(head)))
        return;
    if (ip6 ? head.type != ICMP6_TYPE_DUR || head.code != ICMP6_DUR_PORT
            : head.type != ICMP_DUR || head.code != ICMP_DUR_PORT)
        return; /* before the sum, which others would pay for: an echo, say */
    if (!is_intact(p, ip6))
        return;
    if (ip6 ? quoted6(p, sizeof(head), &udp, &peer) : quoted4(p, sizeof(head), &udp, &peer))
        socket_refused(lwip_ntohs(udp.src), &peer, lwip_ntohs(udp.dest));
}

/* The message comes with its IP headers in front, and has to go back like that. */
static u8_t
received(void *arg, struct raw_pcb *pcb, struct pbuf *p, const ip_addr_t *from)
{
    u16_t headers = ip_current_header_tot_len();

    (void)arg;
    (void)pcb;
    if (pbuf_remove_header(p, headers))
        return 0;
    look_at(p, IP_IS_V6(from));
    pbuf_add_header_force(p, headers);
    return 0; /* not eaten */
}

int
net_refused_init(void)
{
    struct raw_pcb *ip4 = raw_new_ip_type(IPADDR_TYPE_V4, IP_PROTO_ICMP);
    struct raw_pcb *ip6 = raw_new_ip_type(IPADDR_TYPE_V6, IP6_NEXTH_ICMP6);

    if (!ip4 || !ip6)
        return -ENOMEM;
    raw_recv(ip4, received, NULL);
    raw_recv(ip6, received, NULL);
    return 0;
}

/*
 * What a SYN finds before lwIP sees it, so that nobody is turned away. lwIP has no hook between
 * finding a connection and answering, so each packet is looked at as it comes in.
 *
 * A connection in TIME-WAIT: a client that makes many short connections comes back from the same
 * port long before the server's side has forgotten the last one. If its SYN is newer than all
 * that the old connection received, no old segment can be taken for a new one: the old connection
 * goes, and the listener finds the SYN as any other (RFC 9293, 3.10.7.4; RFC 6191).
 *
 * A full backlog: a flood of SYNs whose senders never answer fills it with half-open connections
 * for 20 s each. The oldest of them makes room, so a client that answers within the time that the
 * flood takes to fill the backlog once is served (RFC 4987, 3.3).
 */
#include "lib/net/hooks.h"
#include "lib/net/core.h"
#include "lib/net/syn.h"
#include "kernel/string.h"
#include "lwip/inet_chksum.h"
#include "lwip/ip.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/ip6.h"
#include "lwip/prot/tcp.h"

/* Our next initial sequence number has to be beyond the old connection's (RFC 9293, 3.10.7.4). */
static struct {
    ip_addr_t remote;
    uint16_t local_port, remote_port;
    uint32_t beyond;
    bool set;
} old;

uint32_t
syn_isn(uint32_t isn, uint16_t local_port, const ip_addr_t *remote, uint16_t remote_port)
{
    if (!old.set || old.local_port != local_port || old.remote_port != remote_port ||
        !ip_addr_cmp(&old.remote, remote))
        return isn;
    old.set = false;
    return TCP_SEQ_GT(isn, old.beyond) ? isn : old.beyond + 1;
}

static struct tcp_pcb *
find(const ip_addr_t *local, uint16_t local_port, const ip_addr_t *remote, uint16_t remote_port)
{
    for (struct tcp_pcb *pcb = tcp_tw_pcbs; pcb; pcb = pcb->next)
        if (pcb->remote_port == remote_port && pcb->local_port == local_port &&
            ip_addr_cmp(&pcb->remote_ip, remote) && ip_addr_cmp(&pcb->local_ip, local))
            return pcb;
    return NULL;
}

/* A whole, intact SYN of `len` bytes that opens nothing yet: no ACK, no reset. */
static bool
is_syn(struct pbuf *p, u16_t header, u16_t len, const ip_addr_t *from, const ip_addr_t *to,
       const struct netif *netif, struct tcp_hdr *out)
{
    if (len < TCP_HLEN || p->tot_len < header + len ||
        pbuf_copy_partial(p, out, TCP_HLEN, header) != TCP_HLEN)
        return false;
    if ((TCPH_FLAGS(out) & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) != TCP_SYN)
        return false;
    if (!(netif->chksum_flags & NETIF_CHECKSUM_CHECK_TCP))
        return true; /* the card vouches for it */
    if (pbuf_remove_header(p, header))
        return false;
    u16_t sum = ip_chksum_pseudo_partial(p, IP_PROTO_TCP, len, len, from, to);
    pbuf_add_header_force(p, header);
    return sum == 0;
}

static void
reopen(const ip_addr_t *from, const ip_addr_t *to, const struct tcp_hdr *tcp)
{
    struct tcp_pcb *pcb = find(to, lwip_ntohs(tcp->dest), from, lwip_ntohs(tcp->src));

    if (!pcb || !TCP_SEQ_GT(lwip_ntohl(tcp->seqno), pcb->rcv_nxt))
        return;
    old.remote = pcb->remote_ip;
    old.local_port = pcb->local_port;
    old.remote_port = pcb->remote_port;
    old.beyond = pcb->snd_nxt;
    old.set = true;
    tcp_pcb_remove(&tcp_tw_pcbs, pcb);
    tcp_free(pcb);
}

/* New connections are put in front of lwIP's list: the last half-open one is the oldest. */
static void
make_room(uint16_t port)
{
    struct tcp_pcb *oldest = NULL;

    for (struct tcp_pcb_listen *l = tcp_listen_pcbs.listen_pcbs; l; l = l->next) {
        if (l->local_port != port || l->accepts_pending < l->backlog)
            continue;
        for (struct tcp_pcb *pcb = tcp_active_pcbs; pcb; pcb = pcb->next)
            if (pcb->state == SYN_RCVD && pcb->listener == l)
                oldest = pcb;
    }
    if (oldest)
        tcp_abandon(oldest, 0); /* without a reset: it may be nobody's address */
}

static void
look(struct pbuf *p, u16_t header, u16_t len, const ip_addr_t *from, const ip_addr_t *to,
     const struct netif *netif)
{
    struct tcp_hdr tcp;

    if (!is_syn(p, header, len, from, to, netif, &tcp))
        return;
    reopen(from, to, &tcp);
    make_room(lwip_ntohs(tcp.dest));
}

/* What neither is TCP nor whole is left to lwIP; 0: the packet goes on its way. */
int
net_ip4_input(struct pbuf *p, struct netif *netif)
{
    const struct ip_hdr *ip = p->payload;

    if (!tcp_listen_pcbs.listen_pcbs || p->len < IP_HLEN || IPH_PROTO(ip) != IP_PROTO_TCP ||
        IPH_HL_BYTES(ip) < IP_HLEN || (IPH_OFFSET(ip) & PP_HTONS(IP_OFFMASK | IP_MF)) != 0)
        return 0;
    u16_t header = IPH_HL_BYTES(ip), total = lwip_ntohs(IPH_LEN(ip));
    ip_addr_t from, to;
    ip_addr_copy_from_ip4(from, ip->src);
    ip_addr_copy_from_ip4(to, ip->dest);
    if (total > header)
        look(p, header, total - header, &from, &to, netif);
    return 0;
}

int
net_ip6_input(struct pbuf *p, struct netif *netif)
{
    const struct ip6_hdr *ip = p->payload;

    if (!tcp_listen_pcbs.listen_pcbs || p->len < IP6_HLEN || IP6H_NEXTH(ip) != IP6_NEXTH_TCP)
        return 0;
    ip_addr_t from, to;
    ip_addr_copy_from_ip6_packed(from, ip->src);
    ip_addr_copy_from_ip6_packed(to, ip->dest);
    ip6_addr_assign_zone(ip_2_ip6(&from), IP6_UNICAST, netif);
    ip6_addr_assign_zone(ip_2_ip6(&to), IP6_UNICAST, netif);
    look(p, IP6_HLEN, IP6H_PLEN(ip), &from, &to, netif);
    return 0;
}

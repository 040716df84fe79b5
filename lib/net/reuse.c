/*
 * SO_REUSEPORT. Binding: lwIP lets two connections share a port if both have its bit for
 * SO_REUSEADDR, so those that may share one by Linux's rules are lent the bit for the length of
 * the call. Sharing: lwIP takes the first one in its list that fits, so the one whose turn it is
 * goes to the front before a packet is looked at. Whose turn it is follows from the peer's
 * address and port, so that the datagrams of one peer come to one socket, as on Linux.
 */
#include "lib/net/reuse.h"
#include "lib/net/core.h"
#include "kernel/kernel.h"
#include "lwip/ip.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/prot/tcp.h"
#include "lwip/prot/udp.h"
#include "lwip/raw.h"
#include "lwip/tcp.h"
#include "lwip/udp.h"

/* In so_options, beside lwIP's SOF_*. */
#define SOF_REUSEPORT 0x80
#define SOF_LENT      0x40 /* SOF_REUSEADDR is not its own */
_Static_assert(!((SOF_REUSEPORT | SOF_LENT) & (SOF_REUSEADDR | SOF_KEEPALIVE | SOF_BROADCAST)),
               "lwIP uses these bits");

/* What connections of both protocols begin with. */
struct member {
    IP_PCB;
    struct member *next;
};
_Static_assert(offsetof(struct member, next) == offsetof(struct tcp_pcb, next) &&
                   offsetof(struct member, next) == offsetof(struct tcp_pcb_listen, next) &&
                   offsetof(struct member, next) == offsetof(struct udp_pcb, next),
               "lwIP's lists hang together otherwise");

static bool used; /* by any socket since the start */

void
reuse_set(struct socket *socket, bool on)
{
    struct ip_pcb *pcb = socket->pcb.ip;

    if (!pcb)
        return;
    used |= on;
    if (on)
        pcb->so_options |= SOF_REUSEPORT;
    else
        pcb->so_options &= (u8_t)~SOF_REUSEPORT;
}

bool
reuse_is_set(const struct socket *socket)
{
    const struct ip_pcb *pcb = socket->pcb.ip;

    return pcb && pcb->so_options & SOF_REUSEPORT;
}

/* ---- binding ---- */

static bool
overlap(const ip_addr_t *a, const ip_addr_t *b)
{
    if (IP_IS_ANY_TYPE_VAL(*a) || IP_IS_ANY_TYPE_VAL(*b))
        return true; /* of both families */
    if (IP_GET_TYPE(a) != IP_GET_TYPE(b))
        return false;
    return ip_addr_isany(a) || ip_addr_isany(b) || ip_addr_cmp(a, b);
}

/* Linux's rule (inet_csk_bind_conflict): both have SO_REUSEPORT, or both have SO_REUSEADDR and
 * the other one does not listen. */
static bool
may_share(const struct member *one, const struct member *other, bool listens)
{
    u8_t both = one->so_options & other->so_options;

    return both & SOF_REUSEPORT || (both & SOF_REUSEADDR && !listens);
}

static void
lend(struct member *member)
{
    if (!(member->so_options & SOF_REUSEADDR))
        member->so_options |= SOF_REUSEADDR | SOF_LENT;
}

static void
give_back(struct member *member)
{
    if (member->so_options & SOF_LENT)
        member->so_options &= (u8_t) ~(SOF_REUSEADDR | SOF_LENT);
}

/* Lend the bit to all that have the port, or find one that will not share it. */
static bool
lend_tcp(const struct member *one, const ip_addr_t *address, u16_t port)
{
    for (unsigned i = 0; i < NUM_TCP_PCB_LISTS; i++) {
        for (struct tcp_pcb *pcb = *tcp_pcb_lists[i]; pcb; pcb = pcb->next) {
            struct member *other = (struct member *)pcb;

            if (pcb->local_port != port || !overlap(&other->local_ip, address))
                continue;
            if (!may_share(one, other, pcb->state == LISTEN))
                return false;
            lend(other);
        }
    }
    return true;
}

static bool
lend_udp(const struct member *one, const ip_addr_t *address, u16_t port)
{
    for (struct udp_pcb *pcb = udp_pcbs; pcb; pcb = pcb->next) {
        struct member *other = (struct member *)pcb;

        if (other == one || pcb->local_port != port || !overlap(&other->local_ip, address))
            continue;
        if (!may_share(one, other, false))
            return false;
        lend(other);
    }
    return true;
}

static void
give_all_back(struct member *one)
{
    for (unsigned i = 0; i < NUM_TCP_PCB_LISTS; i++)
        for (struct tcp_pcb *pcb = *tcp_pcb_lists[i]; pcb; pcb = pcb->next)
            give_back((struct member *)pcb);
    for (struct udp_pcb *pcb = udp_pcbs; pcb; pcb = pcb->next)
        give_back((struct member *)pcb);
    give_back(one);
}

static err_t
bind_pcb(struct socket *socket, const ip_addr_t *address, u16_t port)
{
    switch (socket->type) {
    case LINUX_SOCK_STREAM:
        return tcp_bind(socket->pcb.tcp, address, port);
    case LINUX_SOCK_DGRAM:
        return udp_bind(socket->pcb.udp, address, port);
    default:
        return raw_bind(socket->pcb.raw, address);
    }
}

int
reuse_bind(struct socket *socket, const ip_addr_t *address, uint16_t port)
{
    struct member *one = (struct member *)socket->pcb.ip;
    bool shares = true;
    err_t error;

    if (port && one->so_options & SOF_REUSEPORT && socket->type != LINUX_SOCK_RAW) {
        shares = socket->type == LINUX_SOCK_STREAM ? lend_tcp(one, address, port)
                                                   : lend_udp(one, address, port);
        lend(one);
    }
    error = shares ? bind_pcb(socket, address, port) : ERR_USE;
    give_all_back(one);
    return socket_errno(error);
}

/* One of IPv6 at any address hears both families, unless it is not to. */
static void
listen_to_both(struct socket *socket)
{
    struct tcp_pcb *pcb = socket->pcb.tcp;

    if (socket->only_ip6 || !IP_IS_V6_VAL(pcb->local_ip) || !ip_addr_isany_val(pcb->local_ip))
        return;
    IP_SET_TYPE_VAL(pcb->local_ip, IPADDR_TYPE_ANY);
    IP_SET_TYPE_VAL(pcb->remote_ip, IPADDR_TYPE_ANY);
}

/* Somebody else listens at the port of a socket with SO_REUSEPORT, and has not got it. */
static bool
is_taken(const struct tcp_pcb *pcb)
{
    const struct tcp_pcb_listen *other;

    for (other = tcp_listen_pcbs.listen_pcbs; other; other = other->next)
        if (other->local_port == pcb->local_port && overlap(&other->local_ip, &pcb->local_ip) &&
            !(other->so_options & SOF_REUSEPORT))
            return true;
    return false;
}

int
reuse_listen(struct socket *socket, uint8_t backlog)
{
    struct tcp_pcb *pcb = socket->pcb.tcp;
    bool shares = pcb->so_options & SOF_REUSEPORT;
    u8_t lwips = pcb->so_options & SOF_REUSEADDR;
    err_t error;

    listen_to_both(socket);
    if (!pcb->local_port) {
        error = tcp_bind(pcb, &pcb->local_ip, 0); /* as Linux: at any port */
        if (error)
            return socket_errno(error);
    }
    if (shares && is_taken(pcb))
        return -EADDRINUSE;
    if (shares) /* with it, lwIP would look for another listener itself */
        pcb->so_options &= (u8_t)~SOF_REUSEADDR;
    struct tcp_pcb *listening = tcp_listen_with_backlog_and_err(pcb, backlog, &error);
    if (listening)
        socket->pcb.tcp = pcb = listening;
    pcb->so_options |= lwips;
    return socket_errno(error);
}

/* ---- sharing ---- */

/* The more bits of both matter, the fairer the shares. */
static uint32_t
mix(uint32_t a, uint32_t b)
{
    a = (a ^ b) * 0x9e3779b1;
    a = (a ^ a >> 15) * 0x85ebca6b;
    return a ^ a >> 13;
}

static uint32_t
flow(uint32_t ports)
{
    const ip_addr_t *peer = ip_current_src_addr();
    uint32_t hash = ports;

    if (IP_IS_V4(peer))
        return mix(hash, ip_2_ip4(peer)->addr);
    for (unsigned i = 0; i < 4; i++)
        hash = mix(hash, ip_2_ip6(peer)->addr[i]);
    return hash;
}

/* How well a member fits the packet: not, by any address, by this one. */
static unsigned
fit(const struct member *member, u16_t own_port, u16_t port)
{
    const ip_addr_t *dest = ip_current_dest_addr();

    if (own_port != port || !(member->so_options & SOF_REUSEPORT))
        return 0;
    if (IP_IS_ANY_TYPE_VAL(member->local_ip))
        return 1;
    if (IP_GET_TYPE(&member->local_ip) != IP_GET_TYPE(dest))
        return 0;
    return ip_addr_isany(&member->local_ip) ? 1 : ip_addr_cmp(&member->local_ip, dest) ? 2 : 0;
}

/* Connected sockets are not part of the group: 0. */
static u16_t
udp_port(const struct member *member)
{
    const struct udp_pcb *pcb = (const struct udp_pcb *)member;

    return pcb->flags & UDP_FLAGS_CONNECTED ? 0 : pcb->local_port;
}

static u16_t
tcp_port(const struct member *member)
{
    return ((const struct tcp_pcb_listen *)member)->local_port;
}

/* Of those that fit best, the one with the highest score for this flow goes to the front: the
 * score does not depend on the order, which changes. */
static struct member *
choose(struct member *head, u16_t (*port_of)(const struct member *), u16_t port, uint32_t hash)
{
    struct member *best = NULL, *before = NULL, *last = NULL;
    unsigned best_fit = 0;
    uint32_t best_score = 0;

    for (struct member *it = head; it; last = it, it = it->next) {
        unsigned fits = fit(it, port_of(it), port);
        uint32_t score = mix(hash, (uint32_t)(uintptr_t)it);

        if (!fits || fits < best_fit || (fits == best_fit && score < best_score))
            continue;
        best = it;
        before = last;
        best_fit = fits;
        best_score = score;
    }
    if (!before)
        return head; /* nobody, or the first already */
    before->next = best->next;
    best->next = head;
    return best;
}

void
net_tcp_input(struct pbuf *p, struct netif *netif)
{
    const struct tcp_hdr *tcp = p->payload;

    if (used && p->len >= sizeof(*tcp) && (TCPH_FLAGS(tcp) & (TCP_SYN | TCP_ACK)) == TCP_SYN)
        tcp_listen_pcbs.pcbs = (struct tcp_pcb *)choose(
            (struct member *)tcp_listen_pcbs.pcbs, tcp_port, lwip_ntohs(tcp->dest),
            flow((uint32_t)tcp->src << 16 | tcp->dest));
    tcp_input(p, netif);
}

void
net_udp_input(struct pbuf *p, struct netif *netif)
{
    const struct udp_hdr *udp = p->payload;

    if (used && p->len >= sizeof(*udp))
        udp_pcbs =
            (struct udp_pcb *)choose((struct member *)udp_pcbs, udp_port, lwip_ntohs(udp->dest),
                                     flow((uint32_t)udp->src << 16 | udp->dest));
    udp_input(p, netif);
}

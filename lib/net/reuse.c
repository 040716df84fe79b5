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
#include "kernel/string.h"
#include "lwip/api.h"
#include "lwip/ip.h"
#include "lwip/priv/sockets_priv.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/prot/tcp.h"
#include "lwip/prot/udp.h"
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
    struct ip_pcb *pcb = socket_inner(socket)->conn->pcb.ip;

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
    const struct ip_pcb *pcb = socket_inner(socket)->conn->pcb.ip;

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

/* The address as lwIP will bind to it, and the port. */
static u16_t
wanted(const struct socket *socket, const union socket_address *from, ip_addr_t *to)
{
    ip6_addr_t ip6;

    memset(to, 0, sizeof(*to));
    if (from->any.sa_family == AF_INET) {
        inet_addr_to_ip4addr(ip_2_ip4(to), &from->ip4.sin_addr);
        return lwip_ntohs(from->ip4.sin_port);
    }
    inet6_addr_to_ip6addr(&ip6, &from->ip6.sin6_addr);
    ip6_addr_clear_zone(&ip6);
    if (ip6_addr_isipv4mappedipv6(&ip6)) {
        unmap_ipv4_mapped_ipv6(ip_2_ip4(to), &ip6);
    } else {
        ip_addr_copy_from_ip6(*to, ip6);
        if (ip6_addr_isany(&ip6) && !netconn_get_ipv6only(socket_inner(socket)->conn))
            IP_SET_TYPE_VAL(*to, IPADDR_TYPE_ANY);
    }
    return lwip_ntohs(from->ip6.sin6_port);
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

int
reuse_bind(struct socket *socket, const union socket_address *address, socklen_t len)
{
    struct member *one = (struct member *)socket_inner(socket)->conn->pcb.ip;
    ip_addr_t ip;
    u16_t port = wanted(socket, address, &ip);
    bool shares = true;
    int error = 0;

    if (one && port && one->so_options & SOF_REUSEPORT && socket->type != LINUX_SOCK_RAW) {
        shares = socket->type == LINUX_SOCK_STREAM ? lend_tcp(one, &ip, port)
                                                   : lend_udp(one, &ip, port);
        lend(one);
    }
    if (!shares)
        error = -EADDRINUSE;
    else if (lwip_bind(socket->number, &address->any, len) < 0)
        error = socket_failure();
    if (one)
        give_all_back(one);
    return error;
}

int
reuse_listen(struct socket *socket, int backlog)
{
    struct tcp_pcb *pcb =
        socket->type == LINUX_SOCK_STREAM ? socket_inner(socket)->conn->pcb.tcp : NULL;
    const struct tcp_pcb_listen *other;
    u8_t lwips = 0;
    int error;

    if (pcb && pcb->so_options & SOF_REUSEPORT && pcb->state == CLOSED) {
        for (other = tcp_listen_pcbs.listen_pcbs; other; other = other->next)
            if (other->local_port == pcb->local_port &&
                overlap(&other->local_ip, &pcb->local_ip) &&
                !(other->so_options & SOF_REUSEPORT))
                return -EADDRINUSE;
        /* With it, lwIP would look for another listener itself. */
        lwips = pcb->so_options & SOF_REUSEADDR;
        pcb->so_options &= (u8_t)~SOF_REUSEADDR;
    }
    error = lwip_listen(socket->number, backlog) < 0 ? socket_failure() : 0;
    pcb = socket_inner(socket)->conn->pcb.tcp; /* another one, when it listens now */
    if (pcb)
        pcb->so_options |= lwips;
    return error;
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

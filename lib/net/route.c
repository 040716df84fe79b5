/*
 * Which card a packet of IPv4 leaves by and which neighbour gets it: the longest prefix wins (RFC
 * 1812, 5.2.4.3), among what is on the link, the routes of option 121 and the default routers.
 * lwIP knows one router for each card; its hooks (hooks.h) ask here first.
 *
 * A card has as its default the router of gw= or of DHCP. Where DHCP names several, the next one
 * takes its turn when one has not answered ARP for a while (RFC 1122, 3.3.1.6).
 */
#include "lib/net/core.h"
#include "lib/net/hooks.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "lwip/etharp.h"

#define SILENCE (3 * NSEC_PER_SEC) /* of a router, before another one is tried */

#define OWN      33   /* more than any prefix has: the card's own address */
#define ANY_CARD (-1) /* a match that is worse than the default: the link does it */
#define NO_MATCH (-2)

/* A mask is ones and then zeros, as it is sent. */
static int
prefix_len(const ip4_addr_t *mask)
{
    return mask->addr ? 32 - __builtin_ctz(lwip_ntohl(mask->addr)) : 0;
}

static bool
is_usable(const struct netif *netif)
{
    return netif_is_up(netif) && netif_is_link_up(netif) &&
           !ip4_addr_isany(netif_ip4_addr(netif));
}

/* Needs no router: everybody on the link, or nobody's business behind it (RFC 3927, 2.6.2). */
static bool
stays_on_link(const ip4_addr_t *to)
{
    return to->addr == IPADDR_BROADCAST || ip4_addr_ismulticast(to) || ip4_addr_islinklocal(to);
}

/* Bits of the longest prefix that fits, or ANY_CARD or NO_MATCH. */
static int
match(const struct net_card *card, const ip4_addr_t *to, ip4_addr_t *hop)
{
    const struct netif *netif = &card->netif;
    const struct net_lease *lease = &card->lease;
    int best = NO_MATCH;

    *hop = *to;
    if (ip4_addr_cmp(to, netif_ip4_addr(netif)))
        return OWN;
    if (stays_on_link(to))
        best = ANY_CARD;
    else if (!ip4_addr_isany(netif_ip4_gw(netif))) {
        *hop = *netif_ip4_gw(netif);
        best = 0;
    }
    if (ip4_addr_netcmp(to, netif_ip4_addr(netif), netif_ip4_netmask(netif))) {
        *hop = *to;
        best = prefix_len(netif_ip4_netmask(netif));
    }
    for (unsigned i = 0; i < lease->nr_routes; i++) {
        const struct net_route *route = &lease->routes[i];
        int len = prefix_len(&route->mask);

        if (len <= best || (!len && stays_on_link(to)) ||
            !ip4_addr_netcmp(to, &route->to, &route->mask))
            continue;
        *hop = ip4_addr_isany_val(route->router) ? *to : route->router;
        best = len;
    }
    return best;
}

struct netif *
net_route_card(const ip4_addr_t *source, const ip4_addr_t *to)
{
    struct netif *found = NULL;
    int best = NO_MATCH;
    ip4_addr_t hop;

    if (ip4_addr_isloopback(to))
        return NULL;
    for (struct net_card *card = net_card_next(NULL); card; card = net_card_next(card)) {
        int len = is_usable(&card->netif) ? match(card, to, &hop) : NO_MATCH;
        bool own = source && ip4_addr_cmp(source, netif_ip4_addr(&card->netif));

        if (len == NO_MATCH || len < best || (len == best && !own))
            continue;
        best = len;
        found = &card->netif;
    }
    return found;
}

struct netif *
net_route_card6(const ip6_addr_t *to)
{
    if (!ip6_addr_ismulticast(to))
        return NULL;
    for (struct net_card *card = net_card_next(NULL); card; card = net_card_next(card))
        if (netif_is_up(&card->netif) && netif_is_link_up(&card->netif))
            return &card->netif;
    return NULL;
}

/* The next of several default routers, if the one in use is silent. */
static void
watch_router(struct net_card *card)
{
    const struct net_lease *lease = &card->lease;
    struct netif *netif = &card->netif;
    const ip4_addr_t *found;
    struct eth_addr *mac;
    uint64_t now = clock_now();

    if (lease->nr_routers < 2 ||
        etharp_find_addr(netif, netif_ip4_gw(netif), &mac, &found) >= 0) {
        card->router_asked = 0;
        return;
    }
    /* What was asked long ago, before a pause, was answered or is nobody's concern now. */
    if (!card->router_asked || now - card->router_asked > 10 * SILENCE)
        card->router_asked = now;
    if (now - card->router_asked < SILENCE)
        return;
    card->router_asked = now;
    card->router = (card->router + 1) % lease->nr_routers;
    netif_set_gw(netif, &lease->routers[card->router]);
}

err_t
net_route_output(struct netif *netif, struct pbuf *packet, const ip4_addr_t *to)
{
    struct net_card *card = netif->state;
    ip4_addr_t hop;

    if (ip4_addr_isbroadcast(to, netif) || ip4_addr_ismulticast(to))
        return etharp_output(netif, packet, to);
    if (match(card, to, &hop) == NO_MATCH)
        return ERR_RTE;
    if (ip4_addr_cmp(&hop, netif_ip4_gw(netif))) {
        watch_router(card);
        hop = *netif_ip4_gw(netif);
    }
    return etharp_output(netif, packet, &hop);
}

/* The network as net.h shows it to applications. */
#include "lib/net/net.h"
#include "lib/net/core.h"
#include "lib/net/words.h"
#include "kernel/kernel.h"
#include "kernel/string.h"
#include "lwip/dhcp.h"

_Static_assert(NET_IP6_MAX == LWIP_IPV6_NUM_ADDRESSES, "net.h has its own copy");
_Static_assert(NET_SERVERS_MAX >= NET_MAX_SERVERS + 2 * NET_LEASE_SERVERS + DNS_MAX_SERVERS,
               "all of resolv.c's, with two cards");

static void
show4(const ip4_addr_t *address, struct net_address *out)
{
    if (ip4_addr_isany(address))
        return;
    out->family = 2;
    memcpy(out->bytes, &address->addr, 4);
}

static void
show6(const ip6_addr_t *address, struct net_address *out)
{
    out->family = 10;
    memcpy(out->bytes, address->addr, 16);
}

static struct net_device *
nth_device(unsigned index)
{
    struct net_device *device = net_next(NULL);

    while (device && index--)
        device = net_next(device);
    return device;
}

static struct net_card *
card_of(const struct net_device *device)
{
    struct net_card *card = net_card_next(NULL);

    while (card && card->device != device)
        card = net_card_next(card);
    return card;
}

static void
show_card(const struct net_card *card, struct net_interface *out)
{
    const struct netif *netif = &card->netif;

    out->up = netif_is_up(netif);
    out->mtu = netif->mtu;
    out->tx_put_off = card->tx_put_off;
    out->dhcp = dhcp_supplied_address(netif);
    show4(netif_ip4_addr(netif), &out->ip4);
    show4(netif_ip4_gw(netif), &out->gateway);
    out->prefix4 = (unsigned)__builtin_popcount(netif_ip4_netmask(netif)->addr);
    for (int i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++)
        if (ip6_addr_isvalid(netif_ip6_addr_state(netif, i)))
            show6(netif_ip6_addr(netif, i), &out->ip6[out->nr_ip6++]);
}

bool
net_interface_get(unsigned index, struct net_interface *out)
{
    struct net_device *device = nth_device(index);
    struct net_card *card;

    if (!device)
        return false;
    memset(out, 0, sizeof(*out));
    memcpy(out->name, device->name, sizeof(out->name));
    memcpy(out->mac, device->mac, sizeof(out->mac));
    out->mtu = device->mtu;
    out->link_up = device->link_up;
    out->broken = device->broken;
    out->rx_frames = device->counters.rx_frames;
    out->rx_bytes = device->counters.rx_bytes;
    out->rx_dropped = device->counters.rx_dropped;
    out->rx_bad = device->counters.rx_bad;
    out->tx_frames = device->counters.tx_frames;
    out->tx_bytes = device->counters.tx_bytes;
    out->tx_dropped = device->counters.tx_dropped;
    card = card_of(device);
    if (card)
        show_card(card, out);
    return true;
}

bool
net_route_get(unsigned index, unsigned n, struct net_route_info *out)
{
    const struct net_card *card = card_of(nth_device(index));
    const struct net_route *route;

    if (!card || n >= card->lease.nr_routes)
        return false;
    route = &card->lease.routes[n];
    memset(out, 0, sizeof(*out));
    out->to.family = 2;
    memcpy(out->to.bytes, &route->to.addr, 4);
    out->prefix = (unsigned)__builtin_popcount(route->mask.addr);
    show4(&route->router, &out->router);
    return true;
}

const char *
net_search_get(void)
{
    return net_resolv_search();
}

bool
net_clock_get(unsigned n, struct net_address *out)
{
    const ip4_addr_t *clock = net_resolv_clock(n);

    memset(out, 0, sizeof(*out));
    if (clock)
        show4(clock, out);
    return clock;
}

unsigned
net_servers_get(struct net_address out[NET_SERVERS_MAX])
{
    unsigned n = 0;
    const ip_addr_t *server;

    memset(out, 0, NET_SERVERS_MAX * sizeof(out[0]));
    while (n < NET_SERVERS_MAX && (server = net_resolv_server(n))) {
        if (IP_IS_V6(server))
            show6(ip_2_ip6(server), &out[n++]);
        else
            show4(ip_2_ip4(server), &out[n++]);
    }
    return n;
}

/*
 * net: the interfaces, from lib/net's own description of them.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include "lib/net/net.h"
#include "shell.h"

static void
print_address(const char *title, const struct net_address *address, unsigned prefix,
              const char *note)
{
    char text[INET6_ADDRSTRLEN] = "";

    inet_ntop(address->family, address->bytes, text, sizeof(text));
    printf("  %-10s %s", title, text);
    if (prefix)
        printf("/%u", prefix);
    printf("%s\n", note);
}

static void
print_route(const struct net_route_info *route)
{
    char to[INET6_ADDRSTRLEN] = "", router[INET6_ADDRSTRLEN] = "";

    inet_ntop(route->to.family, route->to.bytes, to, sizeof(to));
    inet_ntop(route->router.family, route->router.bytes, router, sizeof(router));
    printf("  %-10s %s/%u %s%s\n", "route", to, route->prefix,
           route->router.family ? "by " : "on the link", router);
}

static void
print_interface(unsigned index, const struct net_interface *i)
{
    struct net_route_info route;

    printf("%s: %02x:%02x:%02x:%02x:%02x:%02x, MTU %u, %s, link %s%s\n", i->name, i->mac[0],
           i->mac[1], i->mac[2], i->mac[3], i->mac[4], i->mac[5], i->mtu,
           i->up ? "up" : "down (ip=off, or no word for it on the command line)",
           i->link_up ? "up" : "down", i->broken ? ", BROKEN" : "");
    if (i->ip4.family)
        print_address("IPv4", &i->ip4, i->prefix4, i->dhcp ? ", by DHCP" : "");
    if (i->gateway.family)
        print_address("gateway", &i->gateway, 0, "");
    for (unsigned n = 0; net_route_get(index, n, &route); n++)
        print_route(&route);
    for (unsigned n = 0; n < i->nr_ip6; n++)
        print_address("IPv6", &i->ip6[n], 64, "");
    printf("  received   %" PRIu64 " frames, %" PRIu64 " bytes, %" PRIu64 " dropped, %" PRIu64
           " bad\n",
           i->rx_frames, i->rx_bytes, i->rx_dropped, i->rx_bad);
    printf("  sent       %" PRIu64 " frames, %" PRIu64 " bytes, %" PRIu64 " dropped, %" PRIu64
           " put off\n",
           i->tx_frames, i->tx_bytes, i->tx_dropped, i->tx_put_off);
}

int
cmd_net(int argc, char **argv)
{
    struct net_address servers[NET_SERVERS_MAX], clock;
    struct net_interface interface;
    unsigned n;

    if (argc > 1)
        return command_usage(argv[0]);
    for (n = 0; net_interface_get(n, &interface); n++)
        print_interface(n, &interface);
    if (n == 0)
        printf("no network interfaces\n");
    unsigned count = net_servers_get(servers);
    for (n = 0; n < count; n++)
        print_address("DNS", &servers[n], 0, "");
    if (*net_search_get())
        printf("  %-10s %s\n", "search", net_search_get());
    for (n = 0; net_clock_get(n, &clock); n++)
        print_address("NTP", &clock, 0, "");
    return 0;
}

/*
 * What a DHCP server says beyond address and mask, read out of its whole message: lwIP's client
 * has no hook for lists of routers, for options in several pieces, or for all that it does not
 * know. Bytes of a stranger in, a checked struct out; dhcp.c decides when it holds.
 */
#ifndef NET_LEASE_H
#define NET_LEASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lwip/ip4_addr.h"

#define NET_LEASE_ROUTERS 4
#define NET_LEASE_ROUTES  32
#define NET_LEASE_SERVERS 3 /* the C library asks no more */
/* With "search " in front and a line's end behind, a line that the C library reads whole. */
#define NET_LEASE_SEARCH 240
#define NET_LEASE_MTU \
    576 /* every host takes so much (RFC 791, 3.1), and lwIP's client needs it */

struct net_route {
    ip4_addr_t to, mask;
    ip4_addr_t router; /* any: the destination is on the link */
};

struct net_lease {
    uint16_t mtu;       /* option 26, 0: not given */
    bool classless;     /* option 121 was given, so that option 3 is nothing */
    unsigned nr_routes; /* of option 121 */
    struct net_route routes[NET_LEASE_ROUTES];
    unsigned nr_routers;                   /* of option 3 */
    ip4_addr_t routers[NET_LEASE_ROUTERS]; /* the best first */
    unsigned nr_servers;                   /* of option 6: of names */
    ip4_addr_t servers[NET_LEASE_SERVERS];
    unsigned nr_clocks; /* of option 42: NTP servers */
    ip4_addr_t clocks[NET_LEASE_SERVERS];
    char search[NET_LEASE_SEARCH]; /* domains between blanks (options 119, 15) */
};

/* Read a message of `len` bytes, from its op byte on. An option that is malformed is left out as
 * if it was not there; lists are cut to the room for them. */
void net_lease_read(const uint8_t *message, size_t len, struct net_lease *out);

#endif

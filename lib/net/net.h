/*
 * What an application may want to know of the network beyond sockets: the interfaces, their
 * addresses and counters, and the name servers. Plain C types, usable beside the C library's
 * headers. Called from threads; nothing here blocks.
 */
#ifndef NET_NET_H
#define NET_NET_H

#include <stdbool.h>
#include <stdint.h>

#define NET_IP6_MAX     5
#define NET_SERVERS_MAX 11

/* One address, as inet_ntop() wants it: network byte order, the first 4 bytes for AF_INET. */
struct net_address {
    int family; /* 2: AF_INET, 10: AF_INET6, 0: none */
    uint8_t bytes[16];
};

/* A route beside the default one and what is on the link. */
struct net_route_info {
    struct net_address to, router; /* family 0 of the router: on the link as well */
    unsigned prefix;               /* bits */
};

struct net_interface {
    char name[8]; /* "eth0" */
    uint8_t mac[6];
    uint16_t mtu; /* bytes */
    bool up;      /* has words on the command line */
    bool link_up; /* the cable is plugged in */
    bool broken;  /* the device failed */
    bool dhcp;    /* IPv4 comes from a DHCP server */
    struct net_address ip4, gateway;
    unsigned prefix4; /* bits */
    unsigned nr_ip6;
    struct net_address ip6[NET_IP6_MAX]; /* usable ones, prefixes of 64 bits */
    uint64_t rx_frames, rx_bytes, rx_dropped, rx_bad;
    uint64_t tx_frames, tx_bytes;
    uint64_t tx_dropped; /* frames that are lost */
    uint64_t tx_put_off; /* frames of TCP that found no room and were sent later */
};

/* Card number `index`, from 0; false when there is none. */
bool net_interface_get(unsigned index, struct net_interface *out);

/* Route number `n`, from 0, of that card; false when there is none. */
bool net_route_get(unsigned index, unsigned n, struct net_route_info *out);

/* The domains for short names, between blanks: "" without any. Valid until the program waits. */
const char *net_search_get(void);

/* NTP server number `n`, from 0; false when there is none. */
bool net_clock_get(unsigned n, struct net_address *out);

/* The name servers in the order of asking; how many. */
unsigned net_servers_get(struct net_address out[NET_SERVERS_MAX]);

#endif

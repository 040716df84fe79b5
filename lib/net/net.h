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
#define NET_SERVERS_MAX 7

/* One address, as inet_ntop() wants it: network byte order, the first 4 bytes for AF_INET. */
struct net_address {
    int family; /* 2: AF_INET, 10: AF_INET6, 0: none */
    uint8_t bytes[16];
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
    uint64_t tx_frames, tx_bytes, tx_dropped;
};

/* Card number `index`, from 0; false when there is none. */
bool net_interface_get(unsigned index, struct net_interface *out);

/* The name servers in the order of asking; how many. */
unsigned net_servers_get(struct net_address out[NET_SERVERS_MAX]);

#endif

/*
 * The values of ip=, gw=, dns= and ip6= as addresses. Text in, lwIP's addresses out, nothing
 * else; config.c acts on them.
 */
#ifndef NET_WORDS_H
#define NET_WORDS_H

#include <stdbool.h>
#include "lwip/ip_addr.h"

#define NET_MAX_SERVERS 3 /* the C library asks no more */

/* "a.b.c.d", four decimal numbers. False, and *out untouched, for anything else. */
bool net_parse_ip4(const char *text, ip4_addr_t *out);
/* "a.b.c.d/len" of a host: len 1 to 32, the address neither 0, multicast nor loopback, nor
 * (len up to 30) the network's own or its broadcast address. */
bool net_parse_ip4_host(const char *text, ip4_addr_t *address, ip4_addr_t *mask);
/* "x:y::z/len" of a host: len 1 to 128, the address unicast. */
bool net_parse_ip6_host(const char *text, ip6_addr_t *address, unsigned *len);
/* Addresses of either family between commas, 1 to NET_MAX_SERVERS; how many, 0 if wrong. */
unsigned net_parse_servers(const char *text, ip_addr_t out[NET_MAX_SERVERS]);

#endif

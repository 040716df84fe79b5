/*
 * SO_REUSEPORT: several sockets at one address and port, each of which gets its share. lwIP knows
 * SO_REUSEADDR only; the bit is ours, in the same byte.
 */
#ifndef NET_REUSE_H
#define NET_REUSE_H

#include <stdbool.h>
#include "lib/net/socket.h"

struct netif;

void reuse_set(struct socket *, bool on);
bool reuse_is_set(const struct socket *);
/* Give a socket an address and port; have a stream listen, with another pcb from then on. Inside. 0 or a
 * negative errno. */
int reuse_bind(struct socket *, const ip_addr_t *, uint16_t port);
int reuse_listen(struct socket *, uint8_t backlog);

/* lwIP's ip4.c and ip6.c are compiled to call these in place of its own. Inside. */
void net_tcp_input(struct pbuf *, struct netif *);
void net_udp_input(struct pbuf *, struct netif *);

#endif

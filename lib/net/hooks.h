/* The hooks that lwIP's files call; lwipopts.h names this file. */
#ifndef NET_HOOKS_H
#define NET_HOOKS_H

#include "lwip/ip_addr.h"

struct tcp_pcb;

/* Initial sequence number for a connection (random.c). */
u32_t net_tcp_isn(const ip_addr_t *local, u16_t local_port, const ip_addr_t *remote,
                  u16_t remote_port);
#define LWIP_HOOK_TCP_ISN net_tcp_isn

struct netif;
struct pbuf;

/* Packets as they come in; 0: go on with it (syn.c). */
int net_ip4_input(struct pbuf *, struct netif *);
int net_ip6_input(struct pbuf *, struct netif *);
#define LWIP_HOOK_IP4_INPUT net_ip4_input
#define LWIP_HOOK_IP6_INPUT net_ip6_input

/* The card that leads to an address of IPv4, NULL if none does (route.c). `source` may be NULL. */
struct netif *net_route_card(const ip4_addr_t *source, const ip4_addr_t *to);
/* net_route_output() has chosen the neighbour already. */
#define LWIP_HOOK_ETHARP_GET_GW(netif, neighbour) (neighbour)
/* The card for a group of IPv6 that no other rule has one for, else NULL. */
struct netif *net_route_card6(const ip6_addr_t *to);
#define LWIP_HOOK_IP6_ROUTE(source, to) net_route_card6(to)

struct dhcp_msg;
/* Ask for more in a message whose options have *len bytes (dhcp.c). */
void net_dhcp_append(struct dhcp_msg *message, u16_t *len);
#define LWIP_HOOK_DHCP_APPEND_OPTIONS(netif, dhcp, state, message, type, len) \
    net_dhcp_append(message, len)

/* Whether the next segment may leave now, or waits for more (connection.c). */
int net_tcp_may_send(struct tcp_pcb *);
#ifdef NET_LWIP_TCP_OUT /* which has just seen lwIP's own answer */
#undef tcp_do_output_nagle
#define tcp_do_output_nagle net_tcp_may_send
#endif

#endif

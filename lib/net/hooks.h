/* The hooks that lwIP's files call; lwipopts.h names this file. */
#ifndef NET_HOOKS_H
#define NET_HOOKS_H

#include "lwip/ip_addr.h"

/* Initial sequence number for a connection (random.c). */
u32_t net_tcp_isn(const ip_addr_t *local, u16_t local_port, const ip_addr_t *remote,
                  u16_t remote_port);
#define LWIP_HOOK_TCP_ISN net_tcp_isn

#endif

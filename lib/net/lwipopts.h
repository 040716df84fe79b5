/*
 * lwIP's settings, grouped by the decision behind them. What is not here is lwIP's default
 * (src/include/lwip/opt.h).
 */
#ifndef NET_LWIPOPTS_H
#define NET_LWIPOPTS_H

#include <stddef.h>
#include <stdint.h>

/*
 * ---- no lwIP thread, no lwIP sockets ----
 *
 * The stack runs on whoever needs it, inside net_core_enter() and net_core_leave(); core.h
 * has the rule. Sockets are ours, on the stack's raw API: nothing of src/api is built.
 */
void net_core_check(void);
#define NO_SYS                    1
#define SYS_LIGHTWEIGHT_PROT      0
#define LWIP_NETCONN              0
#define LWIP_SOCKET               0
#define LWIP_ASSERT_CORE_LOCKED() net_core_check()

/* ---- memory: everything from one budget, no fixed pools ---- */

void *net_malloc(size_t size);
void net_free(void *p);
#define MEM_LIBC_MALLOC          1
#define MEMP_MEM_MALLOC          1
#define mem_clib_malloc          net_malloc
#define mem_clib_calloc(n, size) NULL /* nobody asks for any */
#define mem_clib_free            net_free
#define MEM_ALIGNMENT            4

/* ---- interfaces ---- */

#define LWIP_IPV6                      1
#define LWIP_ICMP6                     1
#define LWIP_IPV6_NUM_ADDRESSES        5
#define LWIP_ND6_NUM_NEIGHBORS         32
#define LWIP_ND6_NUM_DESTINATIONS      32
#define LWIP_ND6_RDNSS_MAX_DNS_SERVERS 2
#define ARP_TABLE_SIZE                 64
#define ARP_QUEUEING                   1
#define ARP_QUEUE_LEN                  8
#define LWIP_NETIF_LOOPBACK            1
#define LWIP_NETIF_HOSTNAME            1
#define LWIP_NETIF_STATUS_CALLBACK     1
#define LWIP_CHECKSUM_CTRL_PER_NETIF   1
/* A frame leaves as one part: what an application sends is copied once, next to its headers,
 * and the copy is what the device reads. */
#define LWIP_NETIF_TX_SINGLE_PBUF 1
#define IP_DEFAULT_TTL            64
/* Enough for one datagram of 64 KiB in frames of 1 500 bytes, of each family. */
#define IP_REASS_MAX_PBUFS 64
#define MEMP_NUM_FRAG_PBUF 64

/*
 * ---- configuration ----
 *
 * No ARP probe of a leased address: the server has probed it (RFC 2131, 3.1 step 2), lwIP
 * announces it, and the probe would cost a second of every start.
 */
#define LWIP_DHCP           1
#define DHCP_DOES_ARP_CHECK 0
/* Room for a long hostname and what dhcp.c asks for; every server takes so much (RFC 2131, 2). */
#define DHCP_OPTIONS_LEN 308
/* dhcp.c reads the servers. */
#define LWIP_DHCP_MAX_DNS_SERVERS 0
/* Only dns_setserver for routers' advertisements, which resolv.c has; dns.c is not built. */
#define LWIP_DNS        1
#define DNS_MAX_SERVERS 2

/* ---- transports ---- */

#define LWIP_RAW                  1
#define LWIP_TCP_SACK_OUT         1
#define LWIP_WND_SCALE            1
#define TCP_RCV_SCALE             4
#define TCP_MSS                   1460
#define TCP_LISTEN_BACKLOG        1
#define LWIP_TCP_PCB_NUM_EXT_ARGS 6     /* connection.h's */
#define TCP_MSL                   15000 /* TIME-WAIT 30 s: a server keeps thousands of them */

/*
 * Window and send buffer of a connection follow the memory of the machine (memory.c). lwIP
 * uses both in expressions only, except for the checks of init.c, which the preprocessor
 * makes: that file is compiled with the largest values.
 */
#define NET_WINDOW_MAX (512 * 1024)
extern uint32_t net_tcp_window;
#ifdef NET_LWIP_INIT
#define TCP_WND     NET_WINDOW_MAX
#define TCP_SND_BUF NET_WINDOW_MAX
#else
#define TCP_WND     net_tcp_window
#define TCP_SND_BUF net_tcp_window
#endif
#define TCP_SND_QUEUELEN    1024
#define TCP_SNDLOWAT        (8 * 1024) /* less room is not worth waking a sender for (stream.c) */
#define TCP_OOSEQ_MAX_BYTES TCP_WND
#define LWIP_TCP_KEEPALIVE  1
#define SO_REUSE            1

/* Initial sequence numbers that cannot be guessed (RFC 6528). */
#define LWIP_HOOK_FILENAME "lib/net/hooks.h"
/* Which card leads to an address. Here, because lwIP's headers ask whether it is there. */
#define LWIP_HOOK_IP4_ROUTE_SRC net_route_card

/* ---- counters: the devices' own (kernel/device.h) are enough ---- */

#define LWIP_STATS 0

#endif

/*
 * The network's interfaces as Linux shows them: "lo", which has index 1, and the cards that the
 * command line brings up, "eth0" and on. The index is lwIP's, so an IPv6 scope names the same
 * interface. Called from threads; nothing here blocks.
 */
#ifndef NET_LINKS_H
#define NET_LINKS_H

#include <stdbool.h>
#include <stdint.h>
#include "kernel/device.h"
#include "lwip/netif.h"

#define LINK_NAME_SIZE 16 /* Linux's IFNAMSIZ, the final 0 included */

/* Flags of an interface; all but the last also fit SIOCGIFFLAGS. */
#define LINUX_IFF_UP        0x1
#define LINUX_IFF_BROADCAST 0x2
#define LINUX_IFF_LOOPBACK  0x8
#define LINUX_IFF_RUNNING   0x40
#define LINUX_IFF_MULTICAST 0x1000
#define LINUX_IFF_LOWER_UP  0x10000

#define LINUX_ARPHRD_ETHER    1
#define LINUX_ARPHRD_LOOPBACK 772

/* The interface of this name, of at most LINK_NAME_SIZE bytes; NULL if there is none. */
struct netif *link_by_name(const char *name);
struct netif *link_by_index(int index);
/* Of this index, or the next higher: for walks, which begin at 1. NULL behind the last. */
struct netif *link_from_index(unsigned index);
bool link_is_loopback(const struct netif *);
const char *link_name(const struct netif *);
/* Padded with zeros. */
void link_put_name(const struct netif *, char to[LINK_NAME_SIZE]);
unsigned link_flags(const struct netif *);
uint32_t link_mtu(const struct netif *);   /* bytes */
uint32_t link_queue(const struct netif *); /* frames that wait for the device at most */
/* Of a card; NULL for the loopback interface, which counts nothing. */
const struct net_counters *link_counters(const struct netif *);
/* IPv4's broadcast address, in network byte order; 0 where there is none. */
uint32_t link_broadcast(const struct netif *);

/* SIOCGIF*. -ENOTTY for other requests. */
int link_ioctl(unsigned long request, void *argument);

#endif

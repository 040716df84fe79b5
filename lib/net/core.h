/*
 * Shared by the files of lib/net and by nobody else.
 *
 * The rule that makes lwIP safe here: its code runs only between net_core_enter() and
 * net_core_leave(), and nothing in between reaches a known point (kernel/thread.h): no
 * blocking, no yield, no sleep. Threads are cooperative and deferred work runs at known
 * points only, so whoever is inside is alone, whether thread or deferred work (a received
 * frame, a timer), and no lock is ever waited for. core.c asserts it: entering twice, leaving
 * twice, and sleeping inside are panics.
 */
#ifndef NET_CORE_H
#define NET_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "kernel/device.h"
#include "lib/net/lease.h"
#include "lwip/netif.h"

/* ---- core.c ---- */

/* Bring the stack up; once, before anything else. */
void net_core_init(void);
void net_core_enter(void);
/* Also tells the devices what was queued meanwhile, and sets the clock for lwIP's next timer.
 */
void net_core_leave(void);
/* Panics unless inside. */
void net_core_check(void);

/* ---- memory.c ---- */

/* Size windows and budgets by the memory that is free now. */
void net_memory_init(void);
/* lwIP's sockets: connections beyond them are those that no program has any more, or not yet. */
extern unsigned net_sockets_open;
/* Bytes that the stack and its receive buffers may take together. */
size_t net_memory_budget(void);
/* Bytes of it that may wait on one connection to be sent, or to be acknowledged. */
size_t net_memory_to_send(void);

/* ---- random.c ---- */

void net_random_init(void);

/* ---- netif.c ---- */

#define NET_TX_QUEUE 128 /* frames */

/* One network card and its lwIP interface. */
struct net_card {
    struct netif netif; /* lwIP's part; netif.state points back here */
    struct net_device *device;
    struct list link;
    struct net_rx *rx;
    bool kick;     /* something was posted or queued since the device was last told */
    bool in_batch; /* more frames of a batch may come: the device is told at its end */
    bool draining;
    struct pbuf *queue[NET_TX_QUEUE]; /* frames that found the ring full */
    unsigned queue_head, queued;
    unsigned in_flight;     /* frames that the device has not sent yet */
    uint64_t tx_put_off;    /* frames that found no room and lwIP sends again later: no loss */
    struct net_lease lease; /* what DHCP said, all zero while nothing holds */
    unsigned router;        /* which of the lease's is the default */
    uint64_t router_asked;  /* since when it owes an answer, 0: it does not */
    /* What the user asked for, and what was reported of it (config.c). */
    struct net_config *config;
};

/* Give the device's frames to a new interface, down and without addresses. Inside. 0, or
 * -ENOMEM, -EIO, reported. */
int net_card_open(struct net_device *device, struct net_card **out);
/* The cards that were opened: NULL first. */
struct net_card *net_card_next(struct net_card *after);
/*
 * Whether lwIP checks the checksums of TCP and UDP in what comes next; the card's word on its
 * way out is followed always. On only while a received frame goes in: what the machine sends to
 * its own address comes back without having been at the card that makes the checksums.
 */
void net_card_check_checksums(struct net_card *card, bool transport);
/* The MTU is the device's, or less if DHCP says so. */
void net_card_follow_mtu(struct net_card *card);
/* Tell every device what it has not been told yet. */
void net_cards_kick(void);

/* ---- route.c, beside the hooks of lwIP (hooks.h) ---- */

/* A card's netif->output of IPv4: the packet to the neighbour that leads to `to`. ERR_RTE: none. */
err_t net_route_output(struct netif *netif, struct pbuf *packet, const ip4_addr_t *to);

/* ---- leave.c ---- */

/* End what the application left open, and let it arrive. Blocks, bounded. */
void net_leave(void);

/* ---- refused.c ---- */

/* Let UDP sockets hear of ports where nobody listens. Inside. -ENOMEM. */
int net_refused_init(void);

/* ---- config.c ---- */

/*
 * True while a card may still get its first address of the family; then *deadline (clock_now
 * scale) is when there is no more hope, and net_config_changed is woken by any change before.
 */
bool net_config_pending(bool ip6, uint64_t *deadline);
extern struct wait_queue net_config_changed;
/* Something of the configuration changed: wakes it. */
void net_config_notify(void);

/* ---- pending.c ---- */

/* Have the sockets that wait for a route look again. */
void net_pending_look(void);

/* ---- resolv.c ---- */

/* A server of a dns= word; those come before what DHCP and routers name. */
void net_resolv_add(const ip_addr_t *server);
/* Server number `n`, from 0; NULL behind the last. Valid until the next call. */
const ip_addr_t *net_resolv_server(unsigned n);
/* The domains for short names, between blanks; "" if there are none. */
const char *net_resolv_search(void);
/* The NTP server number `n`, from 0; NULL behind the last. */
const ip4_addr_t *net_resolv_clock(unsigned n);
/* Be /etc/resolv.conf and /etc/ntp.conf, if there is anything to say in them, and /etc/hosts,
 * where the archive has none. With `asked`, by words of the command line, resolv.conf comes before
 * the archive's. */
void net_resolv_mount(bool asked);

#endif

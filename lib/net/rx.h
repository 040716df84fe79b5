/* Reception on one card: rx.c for netif.c. The last four are the device's callbacks. */
#ifndef NET_RX_H
#define NET_RX_H

#include "lib/net/core.h"

/* The books of the card's receive buffers; -ENOMEM, or -EINVAL if no chain of buffers can
 * satisfy the driver's rx_min and rx_chain_max. */
int net_rx_new(struct net_card *card, struct net_device *device);

void net_rx_received(void *card, void *const *tokens, const uint32_t *lens, unsigned n,
                     const struct net_meta *meta);
void net_rx_released(void *card, void *token);
void net_rx_refill(void *card);

#endif

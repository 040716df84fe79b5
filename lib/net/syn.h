/* Between syn.c, which looks at SYNs, and random.c, which makes sequence numbers. */
#ifndef NET_SYN_H
#define NET_SYN_H

#include "lwip/ip_addr.h"

/* The initial sequence number `isn`, or one beyond the old connection's if this one takes the
 * place of one in TIME-WAIT. */
uint32_t syn_isn(uint32_t isn, uint16_t local_port, const ip_addr_t *remote,
                    uint16_t remote_port);

#endif

/*
 * What Linux does with a TCP connection and lwIP does not: hold small segments back (TCP_CORK,
 * MSG_MORE), give a peer up that acknowledges nothing for a time of the user's (TCP_USER_TIMEOUT),
 * and tell how it is (TCP_INFO). A connection keeps its values when its socket is closed, and one
 * that is accepted has its listener's. Times are milliseconds. All inside (core.h).
 */
#ifndef NET_CONNECTION_H
#define NET_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>
#include "lwip/tcp.h"

/* The slot of pcb->ext_args that is the socket's (stream.c), behind connection.c's own. */
#define CONNECTION_SOCKET 5

enum connection_hold {
    CONNECTION_CORK = 1, /* until it is taken off */
    CONNECTION_MORE = 2, /* the last send said that more comes */
};

/* Take a reason to hold on, or off, which sends what was held back. */
void connection_hold(struct tcp_pcb *, enum connection_hold why, bool on);
bool connection_is_held(const struct tcp_pcb *, enum connection_hold why);
/* Send what is held back now, though the reason stays. */
void connection_flush(struct tcp_pcb *);

/* 0: as long as lwIP tries. */
void connection_set_user_timeout(struct tcp_pcb *, unsigned timeout);
unsigned connection_user_timeout(const struct tcp_pcb *);

/* ---- tcp_info.c ---- */

#define CONNECTION_INFO_SIZE 232

/* Linux's struct tcp_info. `pcb` is NULL when the connection has ended. */
void connection_info(const struct tcp_pcb *pcb, uint8_t to[CONNECTION_INFO_SIZE]);

#endif

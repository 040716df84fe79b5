/* Control messages of datagrams, for datagram.c. */
#ifndef NET_CONTROL_H
#define NET_CONTROL_H

#include <stdbool.h>
#include <stdint.h>
#include "lib/net/socket.h"

/* By which address (none: any) and interface (0: any) a datagram leaves. */
struct control_source {
    ip_addr_t from;
    int index;
};

/* Where it was sent to, if the socket asks for that; what there is no room for sets MSG_CTRUNC. */
void control_out(const struct socket *, const struct socket_datagram *,
                 struct socket_message *);

/* What a message to an address of that family asks for. -EINVAL: malformed, or an address that is
 * not ours; -ENODEV. */
int control_in(const struct socket_message *, bool ip6, struct control_source *);
/* Make it the socket's for one send, which does not block; *before is for undoing it. */
void control_apply(struct socket *, const struct control_source *,
                   struct control_source *before);
void control_undo(struct socket *, const struct control_source *before);

#endif

/* Control messages of datagrams, for io.c. */
#ifndef NET_CONTROL_H
#define NET_CONTROL_H

#include <stdbool.h>
#include <stdint.h>
#include "lib/net/socket.h"

/* Where a datagram was sent to, and the interface that it came by. */
struct control_note {
    bool known;
    ip_addr_t to;
    int index;
};

/* By which address (none: any) and interface (0: any) a datagram leaves. */
struct control_source {
    ip_addr_t from;
    int index;
};

/* Of the datagram that the next receive will take, if there is one. */
void control_note(struct socket *, struct control_note *);
/* As control messages, if the socket asks for them; what there is no room for sets MSG_CTRUNC. */
void control_out(const struct socket *, const struct control_note *, struct socket_message *);

/* What a message to an address of that family asks for. -EINVAL: malformed, or an address that is
 * not ours; -ENODEV. */
int control_in(const struct socket_message *, bool ip6, struct control_source *);
/* Make it the socket's for one send, which does not block; *before is for undoing it. */
void control_apply(struct socket *, const struct control_source *,
                   struct control_source *before);
void control_undo(struct socket *, const struct control_source *before);

#endif

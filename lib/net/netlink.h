/*
 * A socket of AF_NETLINK: netlink.c is the socket, netlink_list.c makes the messages that answer
 * a request.
 */
#ifndef NET_NETLINK_H
#define NET_NETLINK_H

#include <stdbool.h>
#include <stdint.h>
#include "lib/socket/family.h"

enum { NLM_F_REQUEST = 1, NLM_F_MULTI = 2, NLM_F_DUMP = 0x300 };
enum { NLMSG_ERROR = 2, NLMSG_DONE = 3, NLMSG_MIN_TYPE = 16 };
enum { RTM_NEWLINK = 16, RTM_GETLINK = 18, RTM_NEWADDR = 20, RTM_GETADDR = 22 };

struct header {
    uint32_t len;
    uint16_t type, flags;
    uint32_t seq, port;
};

/* One message as it grows. The longest, a link's, has about 220 bytes. */
struct message {
    struct header header;
    uint8_t body[368];
};

/* What is still to be read: a list (where it stands), then one last message. */
enum what { NOTHING, LINKS, ADDRESSES, LAST };

struct door {
    struct file file;
    struct wait_queue changed;
    enum what what;
    struct header request; /* the one that is answered */
    unsigned family;       /* of the addresses wanted, 0: all */
    unsigned index, slot;  /* the next interface and address of it; IPv4 lists go first */
    bool ip6;
    int32_t error; /* in the last message */
};

/* The next message, and the door moves behind it. There is one: the door stands at something. */
void netlink_next(struct door *, struct message *);

#endif

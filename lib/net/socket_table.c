/*
 * Which socket has which of lwIP's numbers, and the memory for lwIP's own table of them
 * (arch/sockets.h). Both begin with a few places and double as sockets are made.
 */
#include "lib/net/core.h"
#include "lib/net/socket.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/string.h"
#include "lwip/priv/sockets_priv.h"

#define FIRST_ROOM 16u

_Static_assert(MEMP_NUM_NETCONN == FD_HARD_LIMIT, "lwIP has a socket for each descriptor");

static struct socket **by_number;
static struct lwip_sock *inner;
static unsigned room; /* in both */

static bool
grow(unsigned wanted)
{
    struct socket **larger = kmalloc(wanted * sizeof(*larger));
    struct lwip_sock *larger_inner = kmalloc(wanted * sizeof(*larger_inner));

    if (!larger || !larger_inner) {
        kfree(larger);
        kfree(larger_inner);
        return false;
    }
    if (room) {
        memcpy(larger, by_number, room * sizeof(*larger));
        memcpy(larger_inner, inner, room * sizeof(*larger_inner));
    }
    net_lwip_sockets(larger_inner);
    kfree(by_number);
    kfree(inner);
    by_number = larger;
    inner = larger_inner;
    room = wanted;
    return true;
}

int
socket_make_room(void)
{
    if (net_sockets_open < room)
        return 0;
    if (room == MEMP_NUM_NETCONN)
        return -ENFILE;
    return grow(MAX(2 * room, FIRST_ROOM)) ? 0 : -ENOMEM;
}

void
socket_enter(struct socket *socket)
{
    by_number[socket->number] = socket;
    net_sockets_open++;
}

void
socket_leave(const struct socket *socket)
{
    by_number[socket->number] = NULL;
}

struct socket *
socket_by_number(int number)
{
    return by_number[number];
}

struct socket *
socket_next(const struct socket *after)
{
    for (unsigned i = after ? (unsigned)after->number + 1 : 0; i < room; i++)
        if (by_number[i])
            return by_number[i];
    return NULL;
}

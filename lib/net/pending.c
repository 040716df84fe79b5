/*
 * Sockets that wait for a route: a connection that was asked for, or a datagram that was refused,
 * while DHCP or a router may still give the card an address. They are looked at again with each
 * change of the configuration, and when the time for it is over. That is deferred work, since most
 * changes happen inside lwIP.
 */
#include "lib/net/core.h"
#include "lib/net/socket.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"

static struct list waiting = LIST_INIT(waiting);

/* Each looks once; who still has no route joins again, behind those that were there. */
static void
look_again(void *unused)
{
    struct list ready = LIST_INIT(ready);

    (void)unused;
    while (!list_empty(&waiting))
        list_append(&ready, list_pop(&waiting));
    while (!list_empty(&ready)) {
        struct socket *socket = container_of(list_pop(&ready), struct socket, waiting);

        socket->waits_for_route = false;
        socket_route_changed(socket);
    }
}

static struct deferred work = {.run = look_again};
static struct timer end_of_hope = {.fire = look_again};
static uint64_t end_at;

void
net_pending_look(void)
{
    defer_mark(&work);
}

bool
socket_await_route(struct socket *socket, bool ip6)
{
    uint64_t deadline;

    if (!net_config_pending(ip6, &deadline))
        return false;
    if (list_empty(&waiting) || deadline < end_at) {
        end_at = deadline;
        timer_set(&end_of_hope, deadline);
    }
    if (!socket->waits_for_route)
        list_append(&waiting, &socket->waiting);
    socket->waits_for_route = true;
    return true;
}

void
socket_await_no_route(struct socket *socket)
{
    if (socket->waits_for_route)
        list_remove(&socket->waiting);
    socket->waits_for_route = false;
}

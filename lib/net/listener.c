/*
 * Sockets that listen. lwIP makes a connection of whatever completes its handshake, and tells here;
 * it is a socket from then on, with what it receives, and waits in the listener's list until it is
 * accepted.
 */
#include "lib/net/core.h"
#include "lib/net/reuse.h"
#include "lib/net/socket.h"
#include "kernel/kernel.h"
#include "lwip/tcp.h"

#define BACKLOG_MAX 255u /* the largest that lwIP has */

unsigned
listener_poll(const struct socket *socket)
{
    if (!socket->pcb.tcp)
        return FILE_POLLIN | FILE_POLLRDHUP | FILE_POLLHUP;
    return list_empty(&socket->backlog.list) ? 0 : FILE_POLLIN;
}

static err_t
on_accepted(void *arg, struct tcp_pcb *pcb, err_t error)
{
    struct socket *listener = arg, *socket;

    if (!pcb || error)
        return ERR_VAL; /* lwIP had no memory; the peer asks again */
    if (listener->backlog.count >= BACKLOG_MAX)
        return ERR_MEM; /* of connections that have ended, which lwIP does not count */
    socket = socket_alloc(listener->domain, listener->type, listener->protocol);
    if (!socket)
        return ERR_MEM;
    stream_attach(socket, pcb);
    tcp_backlog_delayed(pcb);
    socket->state = SOCKET_CONNECTED;
    list_append(&listener->backlog.list, &socket->waiting);
    listener->backlog.count++;
    wake_all(&listener->changed);
    return ERR_OK;
}

int
socket_listen(struct file *file, int backlog)
{
    struct socket *socket = socket_of(file);
    u8_t most = (u8_t)MIN((unsigned)MAX(backlog, 1), BACKLOG_MAX);
    int error = 0;

    if (socket->type != LINUX_SOCK_STREAM)
        return -EOPNOTSUPP;
    if (!socket->pcb.tcp ||
        (socket->state != SOCKET_FRESH && socket->state != SOCKET_LISTENING))
        return -EINVAL;
    net_core_enter();
    if (socket->state == SOCKET_LISTENING)
        tcp_backlog_set(socket->pcb.tcp, most);
    else
        error = reuse_listen(socket, most);
    if (!error && socket->state == SOCKET_FRESH) {
        tcp_accept(socket->pcb.tcp, on_accepted);
        list_init(&socket->backlog.list);
        socket->state = SOCKET_LISTENING;
    }
    net_core_leave();
    return error;
}

/* The oldest connection. What it cannot be given a number for waits until there is one. */
static int
try_accept(struct socket *listener, struct file **out)
{
    struct socket *socket;
    struct list *oldest;
    int fd = fd_next(0);

    if (fd < 0)
        return fd;
    if (!listener->pcb.tcp)
        return -EINVAL; /* it was shut down */
    oldest = list_pop(&listener->backlog.list);
    if (!oldest)
        return -EAGAIN;
    socket = container_of(oldest, struct socket, waiting);
    listener->backlog.count--;
    net_core_enter();
    if (socket->pcb.tcp)
        tcp_backlog_accepted(socket->pcb.tcp);
    socket_inherit(socket, listener);
    net_core_leave();
    net_sockets_open++;
    *out = &socket->file;
    return 0;
}

int
socket_accept(struct file *file, struct file **out)
{
    struct socket *socket = socket_of(file);
    uint64_t deadline = socket_deadline(socket->receive_timeout);
    int error;

    if (socket->type != LINUX_SOCK_STREAM)
        return -EOPNOTSUPP;
    if (socket->state != SOCKET_LISTENING)
        return -EINVAL;
    while ((error = try_accept(socket, out)) == -EAGAIN) {
        error = socket_wait(socket, FILE_POLLIN, false, deadline);
        if (error)
            break;
    }
    return error;
}

void
listener_end(struct socket *socket)
{
    struct list *oldest;

    if (socket->pcb.tcp)
        (void)tcp_close(stream_detach(socket)); /* a listener's cannot fail */
    while ((oldest = list_pop(&socket->backlog.list))) {
        struct socket *accepted = container_of(oldest, struct socket, waiting);

        if (accepted->pcb.tcp)
            tcp_abort(stream_detach(accepted));
        stream_drop_all(accepted);
        socket_free(accepted);
    }
    socket->backlog.count = 0;
}

/*
 * The life of the internet's sockets, and how they wait. What blocks, blocks on the wait queue that
 * poll() uses too. So there is one way to wait, time-outs and signals are the same for all calls,
 * and two threads can use one socket.
 */
#include "lib/net/socket.h"
#include "lib/libc/signal.h"
#include "lib/net/core.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "kernel/string.h"
#include "lwip/ip.h"

#define RECEIVE_BUFFER 212992 /* bytes of datagrams, which is Linux's number */

static struct list sockets = LIST_INIT(sockets);

struct socket *
socket_next(const struct socket *after)
{
    struct list *next = after ? after->link.next : sockets.next;

    return next == &sockets ? NULL : container_of(next, struct socket, link);
}

/* ---- waiting ---- */

int
socket_wait(struct socket *socket, unsigned events, bool dontwait, uint64_t deadline)
{
    return socket_wait_for(&socket->file, events, dontwait, deadline);
}

int
socket_wait_route(struct socket *socket, bool ip6, bool dontwait, uint64_t deadline, int error)
{
    uint64_t end;

    if (error != -EHOSTUNREACH || !net_config_pending(ip6, &end))
        return error;
    if (dontwait || socket->file.flags & FILE_O_NONBLOCK)
        return socket_await_route(socket, ip6) ? -EAGAIN : error;
    if (clock_now() >= deadline)
        return -EAGAIN;
    error = signal_wait_on(&net_config_changed, MIN(end, deadline));
    return error == -ETIMEDOUT ? 0 : error;
}

static unsigned
socket_poll(struct file *file)
{
    struct socket *socket = socket_of(file);

    if (socket->type == LINUX_SOCK_STREAM)
        return stream_poll(socket);
    return (socket->waits_for_route ? 0 : FILE_POLLOUT) | (socket->error ? FILE_POLLERR : 0) |
           (socket->read_shut || !list_empty(&socket->datagrams.list) ? FILE_POLLIN : 0);
}

/* ---- errors ---- */

int
socket_errno(err_t error)
{
    switch (error) {
    case ERR_OK:
        return 0;
    case ERR_MEM:
        return -ENOMEM;
    case ERR_BUF: /* no port is free */
        return -ENOBUFS;
    case ERR_RTE:
        return -EHOSTUNREACH;
    case ERR_USE:
        return -EADDRINUSE;
    case ERR_VAL:
    case ERR_CLSD:
        return -EINVAL;
    case ERR_ISCONN:
        return -EISCONN;
    case ERR_CONN:
        return -ENOTCONN;
    default:
        return -EIO;
    }
}

int
socket_error(struct socket *socket)
{
    int error = socket->error;

    socket->error = 0;
    if (error && socket->state == SOCKET_FAILED && socket->pcb.tcp)
        socket->state = SOCKET_FRESH; /* it found no route and has not begun: another may */
    return error;
}

/* ---- life ---- */

static void
socket_close(struct file *file)
{
    struct socket *socket = socket_of(file);

    socket_await_no_route(socket);
    if (socket->type == LINUX_SOCK_STREAM)
        stream_close(socket);
    else
        datagram_close(socket);
    socket_free(socket);
    net_sockets_open--;
}

static int
socket_stat(struct file *file, struct file_stat *out)
{
    *out = (struct file_stat){
        .mode = LINUX_S_IFSOCK | 0777, .inode = (uintptr_t)socket_of(file), .links = 1};
    return 0;
}

static const struct file_ops socket_ops = {
    .kind = "socket",
    .readv = socket_readv,
    .writev = socket_writev,
    .poll = socket_poll,
    .ioctl = socket_ioctl,
    .stat = socket_stat,
    .close = socket_close,
    .socket = &socket_verbs,
};

struct socket *
socket_alloc(int domain, int type, int protocol)
{
    struct socket *socket = net_malloc(sizeof(*socket));

    if (!socket)
        return NULL;
    memset(socket, 0, sizeof(*socket));
    wait_queue_init(&socket->changed);
    list_append(&sockets, &socket->link);
    list_init(&socket->waiting);
    socket->domain = (uint16_t)domain;
    socket->type = (uint16_t)type;
    socket->protocol = (uint16_t)protocol;
    socket->linger = -1;
    socket->receive_buffer = RECEIVE_BUFFER;
    socket->file.ops = &socket_ops;
    socket->file.private = socket;
    socket->file.refs = 1;
    socket->file.flags = FILE_O_RDWR;
    socket->file.changed = &socket->changed;
    return socket;
}

void
socket_free(struct socket *socket)
{
    list_remove(&socket->link);
    net_free(socket);
}

/* The protocol number that a kind of socket has, or a negative errno. */
static int
choose_protocol(int type, int protocol)
{
    switch (type) {
    case LINUX_SOCK_STREAM:
        return !protocol || protocol == IP_PROTO_TCP ? IP_PROTO_TCP : -EPROTONOSUPPORT;
    case LINUX_SOCK_DGRAM:
        return !protocol || protocol == IP_PROTO_UDP ? IP_PROTO_UDP : -EPROTONOSUPPORT;
    case LINUX_SOCK_RAW:
        return protocol > 0 && protocol < 256 ? protocol : -EPROTONOSUPPORT;
    default:
        return -ESOCKTNOSUPPORT;
    }
}

int
socket_new(int domain, int type, int protocol, struct file **out)
{
    struct socket *socket;
    int error;

    protocol = choose_protocol(type, protocol);
    if (protocol < 0)
        return protocol;
    socket = socket_alloc(domain, type, protocol);
    if (!socket)
        return -ENOMEM;
    error = type == LINUX_SOCK_STREAM ? stream_open(socket) : datagram_open(socket);
    if (error) {
        socket_free(socket);
        return error;
    }
    net_sockets_open++;
    *out = &socket->file;
    return 0;
}

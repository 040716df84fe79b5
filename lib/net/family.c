/* The internet's sockets as a family of lib/socket. */
#include "lib/libc/part.h"
#include "lib/libc/program.h"
#include "lib/net/socket.h"
#include "kernel/kernel.h"

PART(net);
PROGRAM_PREEMPTED; /* packets are answered while it computes */

static int
verb_connect(struct file *file, const void *name, uint32_t len)
{
    struct socket *socket = socket_of(file);
    struct socket_address to;
    int error = socket_address_in(name, len, &to);

    if (error)
        return error;
    if (to.family != LINUX_AF_UNSPEC && to.family != socket->domain)
        return socket->domain == LINUX_AF_INET ? -EAFNOSUPPORT : -EINVAL;
    socket_address_destination(&to);
    if (socket->type != LINUX_SOCK_STREAM)
        return datagram_connect(socket, to.family == LINUX_AF_UNSPEC ? NULL : &to.ip, to.port);
    return to.family == LINUX_AF_UNSPEC ? -EAFNOSUPPORT
                                        : stream_connect(socket, &to.ip, to.port);
}

static long
verb_send(struct file *file, const struct socket_message *message, long total, unsigned flags)
{
    struct socket *socket = socket_of(file);

    defer_run();
    return socket->type == LINUX_SOCK_STREAM ? stream_send(socket, message, total, flags)
                                             : datagram_send(socket, message, total, flags);
}

static long
verb_receive(struct file *file, struct socket_message *message, long total, unsigned flags)
{
    struct socket *socket = socket_of(file);

    defer_run();
    return socket->type == LINUX_SOCK_STREAM ? stream_receive(socket, message, total, flags)
                                             : datagram_receive(socket, message, total, flags);
}

const struct socket_verbs socket_verbs = {
    .bind = socket_bind,
    .connect = verb_connect,
    .listen = socket_listen,
    .accept = socket_accept,
    .shutdown = socket_shutdown,
    .name = socket_name,
    .set_option = socket_set_option,
    .get_option = socket_get_option,
    .send = verb_send,
    .receive = verb_receive,
};

static const struct socket_family inet = {LINUX_AF_INET, socket_new, NULL};
static const struct socket_family inet6 = {LINUX_AF_INET6, socket_new, NULL};
ENLIST(socket_families, inet);
ENLIST(socket_families, inet6);

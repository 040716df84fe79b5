/*
 * The internet's sockets as a family of lib/socket: verbs of a struct file that pass on to those of
 * a struct socket.
 */
#include "lib/libc/part.h"
#include "lib/libc/program.h"
#include "lib/net/socket.h"
#include "kernel/kernel.h"

PART(net);
PROGRAM_PREEMPTED; /* packets are answered while it computes */

static int
verb_bind(struct file *file, const void *name, uint32_t len)
{
    return socket_bind(file->private, name, len);
}

static int
verb_connect(struct file *file, const void *name, uint32_t len)
{
    return socket_connect(file->private, name, len);
}

static int
verb_listen(struct file *file, int backlog)
{
    return socket_listen(file->private, backlog);
}

static int
verb_accept(struct file *file, struct file **out)
{
    struct socket *accepted;
    int error = socket_accept(file->private, &accepted);

    if (!error)
        *out = &accepted->file;
    return error;
}

static int
verb_shutdown(struct file *file, int how)
{
    return socket_shutdown(file->private, how);
}

static int
verb_name(struct file *file, bool peer, void *to, uint32_t *len)
{
    struct socket *socket = file->private;

    if (peer && socket->state != SOCKET_CONNECTED)
        return -ENOTCONN;
    return socket_get_name(socket, peer, to, len);
}

static int
verb_set_option(struct file *file, int level, int name, const void *value, uint32_t len)
{
    return socket_set_option(file->private, level, name, value, len);
}

static int
verb_get_option(struct file *file, int level, int name, void *value, uint32_t *len)
{
    return socket_get_option(file->private, level, name, value, len);
}

const struct socket_verbs socket_verbs = {
    .bind = verb_bind,
    .connect = verb_connect,
    .listen = verb_listen,
    .accept = verb_accept,
    .shutdown = verb_shutdown,
    .name = verb_name,
    .set_option = verb_set_option,
    .get_option = verb_get_option,
    .send = socket_send,
    .receive = socket_receive,
};

static int
create(int domain, int type, int protocol, struct file **out)
{
    struct socket *socket;
    int error = socket_new(domain, type, protocol, &socket);

    if (!error)
        *out = &socket->file;
    return error;
}

static const struct socket_family inet = {LINUX_AF_INET, create, NULL};
static const struct socket_family inet6 = {LINUX_AF_INET6, create, NULL};
ENLIST(socket_families, inet);
ENLIST(socket_families, inet6);

/*
 * How two sockets meet and part. A connection is whole as soon as connect has found one that listens:
 * the other end is made there, and waits in its list until somebody accepts it.
 */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "lib/libc/signal.h"
#include "lib/unix/unix.h"

/* ---- connect ---- */

/* A datagram socket sends to its peer what has no address, and receives from it alone. */
static int
connect_datagrams(struct unix_socket *s, const void *name, uint32_t len)
{
    struct unix_socket *peer = NULL;
    bool none = len >= sizeof(uint16_t) && *(const uint16_t *)name == LINUX_AF_UNSPEC;
    int error = none ? 0 : unix_find(s->type, name, len, &peer);

    if (error)
        return error;
    if (peer && peer->peer && peer->peer != s)
        return -EPERM; /* it receives from another one alone */
    unix_name_release(s->peer_name);
    s->peer_name = peer ? unix_name_hold(peer->name) : NULL;
    s->peer = peer;
    s->state = peer ? UNIX_CONNECTED : UNIX_FRESH;
    wake_all(&s->changed);
    return 0;
}

/* The one that listens, when it has room. */
static int
find_listener(struct unix_socket *s, const void *name, uint32_t len, struct unix_socket **out)
{
    uint64_t deadline = socket_deadline(s->send_timeout);

    for (;;) {
        int error = unix_find(s->type, name, len, out);
        if (error)
            return error;
        if ((*out)->state != UNIX_LISTENING || (*out)->read_shut)
            return -ECONNREFUSED;
        if (s->state != UNIX_FRESH)
            return s->state == UNIX_CONNECTED ? -EISCONN : -EINVAL;
        if ((*out)->nr_pending <= (*out)->backlog)
            return 0;
        if (s->file.flags & FILE_O_NONBLOCK)
            return socket_wait_for(&s->file, 0, true, deadline);
        /* It wakes all of its type when it accepts or closes. */
        error = signal_wait_on(&s->changed, deadline);
        if (error)
            return error == -ETIMEDOUT ? -EAGAIN : error;
    }
}

int
unix_connect(struct file *file, const void *name, uint32_t len)
{
    struct unix_socket *s = file->private, *listener, *other;

    if (s->type == LINUX_SOCK_DGRAM)
        return connect_datagrams(s, name, len);
    int error = find_listener(s, name, len, &listener);
    if (error)
        return error;
    other = unix_new(s->type);
    if (!other)
        return -ENOMEM;
    other->accepted = true;
    other->name = unix_name_hold(listener->name);
    other->pass_credentials = listener->pass_credentials;
    unix_join(s, other);
    list_append(&listener->pending, &other->link);
    listener->nr_pending++;
    wake_all(&listener->changed);
    wake_all(&s->changed);
    return 0;
}

/* ---- accept ---- */

/* Those that found no room wait at sockets of their own. */
static void
wake_connecting(void)
{
    for (struct unix_socket *s = unix_next(NULL); s; s = unix_next(s))
        if (s->state == UNIX_FRESH)
            wake_all(&s->changed);
}

int
unix_listen(struct file *file, int backlog)
{
    struct unix_socket *s = file->private;

    if (s->type == LINUX_SOCK_DGRAM)
        return -EOPNOTSUPP;
    if (!s->name || s->state == UNIX_CONNECTED)
        return -EINVAL;
    s->state = UNIX_LISTENING;
    s->backlog = MIN((unsigned)backlog, 4096u); /* net.core.somaxconn */
    wake_all(&s->changed);
    wake_connecting();
    return 0;
}

int
unix_accept(struct file *file, struct file **out)
{
    struct unix_socket *s = file->private, *taken;
    uint64_t deadline = socket_deadline(s->receive_timeout);
    struct list *link;

    if (s->type == LINUX_SOCK_DGRAM)
        return -EOPNOTSUPP;
    for (;;) {
        if (s->state != UNIX_LISTENING)
            return -EINVAL;
        int fd = fd_next(0);
        if (fd < 0)
            return fd;
        link = list_pop(&s->pending);
        if (link)
            break;
        if (s->read_shut)
            return -EINVAL;
        int error = socket_wait_for(file, FILE_POLLIN, false, deadline);
        if (error)
            return error;
    }
    s->nr_pending--;
    taken = container_of(link, struct unix_socket, link);
    wake_connecting();
    *out = &taken->file;
    return 0;
}

/* ---- the end ---- */

int
unix_shutdown(struct file *file, int how)
{
    struct unix_socket *s = file->private, *peer = s->type == LINUX_SOCK_DGRAM ? NULL : s->peer;
    bool read = how != LINUX_SHUT_WR, write = how != LINUX_SHUT_RD;

    if (how < LINUX_SHUT_RD || how > LINUX_SHUT_RDWR)
        return -EINVAL;
    s->read_shut |= read;
    s->write_shut |= write;
    wake_all(&s->changed);
    unix_wake_senders(s);
    if (!peer)
        return 0;
    peer->write_shut |= read;
    peer->read_shut |= write;
    wake_all(&peer->changed);
    return 0;
}

/* To those that connected it looks as if the connection broke. */
static void
refuse_pending(struct unix_socket *s)
{
    struct list *link;

    while ((link = list_pop(&s->pending))) {
        struct unix_socket *other = container_of(link, struct unix_socket, link);
        struct unix_socket *peer = other->peer;

        file_release(&other->file);
        if (peer)
            peer->error = ECONNRESET;
    }
    s->nr_pending = 0;
}

/* That something was not read is an error at the other end. A datagram socket hears of it when it
 * sends. */
void
unix_part(struct unix_socket *s)
{
    struct unix_socket *peer = s->peer;
    bool listened = s->state == UNIX_LISTENING;

    refuse_pending(s);
    s->state = UNIX_FRESH;
    s->peer = NULL;
    if (peer && s->type != LINUX_SOCK_DGRAM) {
        peer->read_shut = peer->write_shut = true;
        peer->peer = NULL;
        peer->error = s->count ? ECONNRESET : 0;
        wake_all(&peer->changed);
    }
    for (struct unix_socket *other = unix_next(NULL); other; other = unix_next(other))
        if (other->peer == s)
            other->peer = NULL;
    if (s->type == LINUX_SOCK_DGRAM)
        unix_wake_senders(s);
    if (listened)
        wake_connecting();
}

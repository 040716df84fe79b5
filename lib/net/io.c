/*
 * Sending and receiving. Each step asks lwIP for what can be done at once; what cannot is
 * waited for here. A stream moves part by part of the application's scatter list; a datagram
 * goes in one call, lwIP's own list having the same layout.
 */
#include "lib/libc/signal.h"
#include "lib/libc/syscall.h"
#include "lib/net/control.h"
#include "lib/net/core.h"
#include "lib/net/socket.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/string.h"
#include "lwip/api.h"
#include "lwip/priv/sockets_priv.h"
#include "lwip/tcp.h"

_Static_assert(sizeof(struct iovec) == sizeof(struct abi_iovec) || sizeof(void *) > 4,
               "lwIP's iovec has another layout");

#define IP6_HEADER 40

/* ---- streams ---- */

/* What comes is acknowledged as it is read, so a stream never has more than its window. */
unsigned
socket_receive_least(const struct socket *socket)
{
    return (unsigned)MIN(MAX(socket->receive_least, 1), (int)net_tcp_window / 2);
}

bool
socket_has_least(const struct socket *socket)
{
    const struct lwip_sock *sock = socket_inner(socket);
    unsigned least = socket_receive_least(socket), there;

    if (sock->rcvevent <= 0 && !sock->lastdata.pbuf)
        return false;
    if (least == 1 || socket->state == SOCKET_LISTENING || !sock->conn->pcb.tcp ||
        sock->conn->pcb.tcp->state >= CLOSE_WAIT)
        return true; /* also a connection to accept, an end, as much as there will be */
    there = (unsigned)MAX(sock->conn->recv_avail, 0);
    if (sock->lastdata.pbuf)
        there += sock->lastdata.pbuf->tot_len;
    return there >= least;
}

/* Less than a segment is not worth it while some are under way: their acknowledgement wakes the
 * sender. */
size_t
socket_send_room(const struct socket *socket)
{
    const struct tcp_pcb *pcb = socket_inner(socket)->conn->pcb.tcp;
    size_t share = net_memory_to_send();

    if (!pcb || pcb->state < ESTABLISHED)
        return share; /* lwIP refuses it */
    size_t waiting = TCP_SND_BUF - MIN(pcb->snd_buf, TCP_SND_BUF);
    return share >= waiting + TCP_MSS ? share - waiting : 0;
}

/* What a failed send or receive means on a stream. */
static int
stream_failure(struct socket *socket)
{
    int error = socket_failure(), pending;

    if (error == -EAGAIN || error == -EINPROGRESS || socket->state == SOCKET_ROUTELESS)
        return -EAGAIN;
    /* lwIP delivers an error of the connection through the call and keeps it for SO_ERROR
     * as well; it must come once. */
    pending = socket_error(socket);
    if (pending)
        return -pending;
    return error == -ECONNABORTED ? -ETIMEDOUT : error;
}

static int
send_failure(struct socket *socket)
{
    int error = stream_failure(socket);

    return error == -ENOTCONN && socket->state == SOCKET_CONNECTED ? -EPIPE : error;
}

static long
send_part(struct socket *socket, const char *from, size_t len, unsigned flags,
          uint64_t deadline)
{
    int lwip_flags = MSG_DONTWAIT | (flags & LINUX_MSG_MORE ? MSG_MORE : 0);
    size_t done = 0;

    while (done < len) {
        size_t room = socket_send_room(socket);
        ssize_t n =
            room ? lwip_send(socket->number, from + done, MIN(len - done, room), lwip_flags)
                 : -1;
        int error;

        if (n >= 0) {
            done += (size_t)n;
            continue;
        }
        error = room ? send_failure(socket) : -EAGAIN;
        if (error == -EAGAIN)
            error = socket_wait(socket, FILE_POLLOUT, flags & LINUX_MSG_DONTWAIT, deadline);
        if (error)
            return done ? (long)done : error;
    }
    return (long)done;
}

/* All parts by one call, where there is room for all and none is empty, which lwIP refuses; how much
 * went, or an error. 0: nothing did; then they go one by one. */
static long
send_parts(struct socket *socket, const struct socket_message *message, long total,
           unsigned flags)
{
    struct msghdr header = {.msg_iov = (struct iovec *)message->iov,
                            .msg_iovlen = (int)message->nr_iov};

    if (message->nr_iov < 2 || flags & LINUX_MSG_MORE ||
        (size_t)total > socket_send_room(socket))
        return 0;
    for (unsigned i = 0; i < message->nr_iov; i++)
        if (!message->iov[i].len)
            return 0;
    ssize_t n = lwip_sendmsg(socket->number, &header, MSG_DONTWAIT);
    int error = n < 0 ? send_failure(socket) : 0;
    return n >= 0 ? (long)n : error == -EAGAIN ? 0 : error;
}

static long
send_stream(struct socket *socket, const struct socket_message *message, long all,
            unsigned flags)
{
    uint64_t deadline = socket_deadline(socket->send_timeout);
    bool more = flags & LINUX_MSG_MORE;
    long total = 0, n = 0;

    if (socket->write_shut)
        return -EPIPE;
    if (socket->state == SOCKET_FRESH || socket->state == SOCKET_LISTENING)
        return -EPIPE; /* as Linux: "not connected" is for reads */
    long sent = send_parts(socket, message, all, flags);
    if (sent < 0)
        return sent;
    bool whole = sent && sent == all;
    if (more || (message->nr_iov > 1 && !whole))
        socket_hold(socket, true); /* parts leave together */
    for (unsigned i = 0; i < message->nr_iov && !whole; i++) {
        const struct abi_iovec *part = &message->iov[i];
        bool last = i + 1 == message->nr_iov;
        size_t skip = MIN((size_t)(sent - total), (size_t)part->len);

        total += (long)skip;
        n = send_part(socket, (const char *)part->base + skip, part->len - skip,
                      last ? flags : flags | LINUX_MSG_MORE, deadline);
        if (n < 0)
            break;
        total += n;
        sent = MAX(sent, total);
        if ((size_t)n < part->len - skip)
            break;
    }
    if (!more)
        socket_hold(socket, false);
    return sent || n >= 0 ? sent : n;
}

/* poll() is true with SO_RCVLOWAT's bytes only, which may be more than a call still wants. */
static int
wait_for_more(struct socket *socket, bool dontwait, uint64_t deadline)
{
    int error;

    if (dontwait || socket->receive_least <= 1 || socket->file.flags & FILE_O_NONBLOCK)
        return socket_wait(socket, FILE_POLLIN, dontwait, deadline);
    error = signal_wait_on(&socket->changed, deadline);
    return error == -ETIMEDOUT ? -EAGAIN : error;
}

/*
 * Into one part: what is there, and at least `least` bytes, which are waited for. 0 at the end of
 * the stream.
 */
static long
receive_part(struct socket *socket, char *to, size_t len, unsigned flags, size_t least,
             uint64_t deadline)
{
    int lwip_flags = MSG_DONTWAIT | (flags & LINUX_MSG_PEEK ? MSG_PEEK : 0);
    size_t done = 0;

    while (done < len && !socket->read_shut) {
        ssize_t n = lwip_recv(socket->number, to + done, len - done, lwip_flags);
        int error;

        if (n > 0) {
            done += (size_t)n;
            if (done < least && !(flags & LINUX_MSG_PEEK))
                continue;
            break;
        }
        if (n == 0) {
            socket->read_shut = true;
            break;
        }
        error = stream_failure(socket);
        if (error == -ENOTCONN && socket->state == SOCKET_CONNECTED) {
            socket->read_shut = true;
            break;
        }
        if (error == -EAGAIN && done < least)
            error = wait_for_more(socket, flags & LINUX_MSG_DONTWAIT, deadline);
        if (error)
            return done ? (long)done : error;
    }
    return (long)done;
}

static long
receive_stream(struct socket *socket, struct socket_message *message, long least,
               unsigned flags)
{
    uint64_t deadline = socket_deadline(socket->receive_timeout);
    long total = 0;

    message->namelen = 0;
    if (socket->state == SOCKET_FRESH || socket->state == SOCKET_LISTENING)
        return -ENOTCONN;
    if (!(flags & LINUX_MSG_WAITALL))
        least = MIN(least, (long)socket_receive_least(socket));
    for (unsigned i = 0; i < message->nr_iov; i++) {
        const struct abi_iovec *part = &message->iov[i];
        size_t wanted = MIN((size_t)MAX(least - total, 0), (size_t)part->len);
        long n;

        if (!part->len)
            continue;
        n = receive_part(socket, part->base, part->len, flags, wanted, deadline);
        if (n < 0)
            return total ? total : n;
        total += n;
        if ((size_t)n < part->len || flags & LINUX_MSG_PEEK)
            break;
    }
    return total;
}

/* ---- datagrams ---- */

static long
send_datagram(struct socket *socket, const struct socket_message *message, unsigned flags)
{
    union socket_address address;
    struct msghdr header = {.msg_iov = (struct iovec *)message->iov,
                            .msg_iovlen = (int)message->nr_iov};
    uint64_t deadline = socket_deadline(socket->send_timeout);
    bool ip6 = socket->domain == LINUX_AF_INET6;
    struct iovec none = {NULL, 0};
    struct control_source source, before;
    int error;

    if (message->name) {
        error =
            socket_address_in(message->name, message->namelen, &address, &header.msg_namelen);
        if (error)
            return error;
        if (address.any.sa_family == AF_UNSPEC)
            return -EINVAL;
        if (!ip6 && address.any.sa_family != AF_INET)
            return -EAFNOSUPPORT;
        socket_address_destination(&address);
        header.msg_name = &address;
        ip6 = socket_address_is_ip6(&address);
    } else if (socket->state != SOCKET_CONNECTED) {
        return -EDESTADDRREQ;
    }
    if (socket->write_shut)
        return -EPIPE;
    if (socket->refused)
        return -socket_error(socket);
    error = control_in(message, ip6, &source);
    if (error)
        return error;
    if (!header.msg_iovlen) {
        header.msg_iov = &none;
        header.msg_iovlen = 1;
    }
    do {
        ssize_t n;

        control_apply(socket, &source, &before);
        n = lwip_sendmsg(socket->number, &header, 0);
        control_undo(socket, &before);
        if (n >= 0)
            return n;
        error = socket_failure();
        error = socket_wait_route(socket, ip6, flags & LINUX_MSG_DONTWAIT, deadline, error);
    } while (!error);
    return error == -ENOMEM ? -ENOBUFS : error;
}

/*
 * The parts of the application with room in them, which are all that lwIP takes. IPv6 headers
 * are what lwIP shows of a raw socket's packet and Linux does not, so they get a part in
 * front. Returns how many; `to` has room for the message's and two more.
 */
static int
receiving_parts(const struct socket_message *message, struct iovec *to, void *ip6_header)
{
    static char nothing[1];
    int n = 0;

    if (ip6_header)
        to[n++] = (struct iovec){ip6_header, IP6_HEADER};
    for (unsigned i = 0; i < message->nr_iov; i++)
        if (message->iov[i].len)
            to[n++] = (struct iovec){message->iov[i].base, message->iov[i].len};
    if (!n)
        to[n++] = (struct iovec){nothing, sizeof(nothing)};
    return n;
}

static long
receive_datagram(struct socket *socket, struct socket_message *message, long room,
                 unsigned flags)
{
    uint64_t deadline = socket_deadline(socket->receive_timeout);
    bool raw6 = socket->type == LINUX_SOCK_RAW && socket->domain == LINUX_AF_INET6;
    struct iovec few[4], *parts = few;
    uint8_t ip6_header[IP6_HEADER];
    union socket_address from;
    struct control_note note = {.known = false};
    struct msghdr header;
    ssize_t n = -1;
    int error;

    if (socket->read_shut)
        return 0;
    if (message->nr_iov + 2 > ARRAY_SIZE(few)) {
        parts = kmalloc((message->nr_iov + 2) * sizeof(*parts));
        if (!parts)
            return -ENOMEM;
    }
    do {
        if (socket->refused) {
            error = -socket_error(socket);
            break;
        }
        header = (struct msghdr){.msg_name = &from, .msg_namelen = sizeof(from)};
        header.msg_iov = parts;
        header.msg_iovlen = receiving_parts(message, parts, raw6 ? ip6_header : NULL);
        if (socket->packet_info4 || socket->packet_info6)
            control_note(socket, &note);
        n = lwip_recvmsg(socket->number, &header,
                         MSG_DONTWAIT | (flags & LINUX_MSG_PEEK ? MSG_PEEK : 0));
        error = n < 0 ? socket_failure() : 0;
        if (error == -EAGAIN) {
            error = socket_wait(socket, FILE_POLLIN, flags & LINUX_MSG_DONTWAIT, deadline);
            if (!error && socket->read_shut)
                n = 0;
        }
    } while (n < 0 && !error);
    if (parts != few)
        kfree(parts);
    if (error)
        return error;
    if (raw6)
        n = MAX(n - IP6_HEADER, 0);
    if (message->name && !socket->read_shut)
        socket_address_out(&from, message->name, &message->namelen);
    control_out(socket, &note, message);
    if (n > room)
        message->flags |= LINUX_MSG_TRUNC;
    return n > room && !(flags & LINUX_MSG_TRUNC) ? room : n;
}

/* ---- both ---- */

long
socket_send(struct file *file, const struct socket_message *message, long total, unsigned flags)
{
    struct socket *socket = file->private;

    defer_run();
    return socket->type == LINUX_SOCK_STREAM ? send_stream(socket, message, total, flags)
                                             : send_datagram(socket, message, flags);
}

long
socket_receive(struct file *file, struct socket_message *message, long total, unsigned flags)
{
    struct socket *socket = file->private;

    defer_run();
    return socket->type == LINUX_SOCK_STREAM ? receive_stream(socket, message, total, flags)
                                             : receive_datagram(socket, message, total, flags);
}

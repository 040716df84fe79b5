/*
 * The data of connections. What comes in stays in the buffers that the card has filled until it is
 * read, and is copied once, to the reader. What goes out is copied once as well, next to its headers
 * in lwIP's segments: the program may change its memory as soon as a send returns, and the bytes
 * are needed until the peer has acknowledged them.
 */
#include "lib/net/connection.h"
#include "lib/net/core.h"
#include "lib/net/socket.h"
#include "lib/libc/signal.h"
#include "kernel/kernel.h"
#include "lwip/tcp.h"

/* Pieces that a window of segments of half the usual size has; more of them wait in lwIP. */
#define PIECES_MAX (net_tcp_window / (TCP_MSS / 2))

/* ---- sending ---- */

/* Less than a segment is not worth it while some are under way: their acknowledgement wakes the
 * sender. */
size_t
stream_room(const struct socket *socket)
{
    const struct tcp_pcb *pcb = socket->pcb.tcp;
    size_t share = net_memory_to_send();
    size_t waiting = TCP_SND_BUF - MIN(pcb->snd_buf, TCP_SND_BUF);

    return share >= waiting + TCP_MSS ? MIN(share - waiting, (size_t)pcb->snd_buf) : 0;
}

/* One run of bytes. `last`: nothing follows that should be in the same segment. */
static err_t
write_run(struct tcp_pcb *pcb, const char *from, size_t len, bool last)
{
    err_t error = ERR_OK;

    while (len && !error) {
        u16_t n = (u16_t)MIN(len, (size_t)0xffff);
        u8_t flags = last && n == len ? 0 : TCP_WRITE_FLAG_MORE;

        error = tcp_write(pcb, from, n, TCP_WRITE_FLAG_COPY | flags);
        if (error)
            break;
        from += n;
        len -= n;
    }
    return error;
}

/* As much of a message, from its byte `at` on, as there is room for: bytes, 0: later, or an error. */
static long
write_some(struct socket *socket, const struct socket_message *message, size_t at, size_t total,
           bool more)
{
    size_t room = MIN(stream_room(socket), total - at), done = 0;

    for (unsigned i = 0; i < message->nr_iov && done < room; i++) {
        const struct abi_iovec *part = &message->iov[i];
        size_t skip = MIN(at, (size_t)part->len), len = MIN(part->len - skip, room - done);
        err_t error = write_run(socket->pcb.tcp, (const char *)part->base + skip, len,
                                done + len == room && !more);

        if (error == ERR_MEM)
            socket->starved = true;
        if (error)
            return done ? (long)done : error == ERR_MEM ? 0 : socket_errno(error);
        at -= skip;
        done += len;
    }
    return (long)done;
}

/* And have it leave, with what waited; small segments wait while more is to come. */
static long
write_and_send(struct socket *socket, const struct socket_message *message, size_t at,
               size_t total, bool more)
{
    struct tcp_pcb *pcb = socket->pcb.tcp;
    long n;

    net_core_enter();
    n = write_some(socket, message, at, total, more);
    if (n > 0) {
        connection_hold(pcb, CONNECTION_MORE, more || at + (size_t)n < total);
        (void)tcp_output(pcb); /* what cannot leave is sent by lwIP's timers */
    }
    net_core_leave();
    return n;
}

/* No round of a send is to follow. */
static void
let_leave(struct socket *socket)
{
    net_core_enter();
    if (socket->pcb.tcp)
        connection_hold(socket->pcb.tcp, CONNECTION_MORE, false);
    net_core_leave();
}

/* 0: what there was room for went, or who waits for room has got some. */
static int
send_round(struct socket *socket, const struct socket_message *message, size_t total,
           unsigned flags, uint64_t deadline, size_t *done)
{
    long n = 0;

    if (socket->error)
        return -socket_error(socket);
    if (socket->write_shut || socket->state == SOCKET_FAILED ||
        (socket->state == SOCKET_CONNECTED && !socket->pcb.tcp))
        return -EPIPE;
    if (socket->state == SOCKET_CONNECTED)
        n = write_and_send(socket, message, *done, total, flags & LINUX_MSG_MORE);
    if (n < 0)
        return (int)n;
    *done += (size_t)n;
    return n ? 0 : socket_wait(socket, FILE_POLLOUT, flags & LINUX_MSG_DONTWAIT, deadline);
}

long
stream_send(struct socket *socket, const struct socket_message *message, long total,
            unsigned flags)
{
    uint64_t deadline = socket_deadline(socket->send_timeout);
    size_t done = 0;
    int error = 0;

    if (socket->write_shut || socket->state == SOCKET_FRESH ||
        socket->state == SOCKET_LISTENING)
        return -EPIPE; /* as Linux: "not connected" is for reads */
    while (!error && done < (size_t)total)
        error = send_round(socket, message, (size_t)total, flags, deadline, &done);
    if (error && done && !(flags & LINUX_MSG_MORE))
        let_leave(socket);
    return done ? (long)done : error;
}

/* ---- what was received ---- */

bool
stream_take_in(struct socket *socket, struct pbuf *p)
{
    struct socket_received *received = &socket->received;

    if (received->pieces >= PIECES_MAX)
        return false;
    if (received->last)
        received->last->next = p;
    else
        received->first = p;
    for (; p; p = p->next) {
        received->bytes += p->len;
        received->pieces++;
        received->last = p;
    }
    return true;
}

/* The first `len` bytes of the first piece. */
static void
drop(struct socket_received *received, u16_t len)
{
    struct pbuf *first = received->first;

    received->bytes -= len;
    if (len < first->len) {
        pbuf_remove_header(first, len);
        return;
    }
    received->first = first->next;
    if (!received->first)
        received->last = NULL;
    received->pieces--;
    first->next = NULL;
    first->tot_len = first->len;
    pbuf_free(first);
}

void
stream_drop_all(struct socket *socket)
{
    while (socket->received.first)
        drop(&socket->received, socket->received.first->len);
}

/* To a message's byte `at`, as much as there is; its bytes. */
static size_t
copy_out(const struct socket_received *received, const struct socket_message *message,
         size_t len)
{
    const struct pbuf *p = received->first;
    size_t done = 0;

    for (len = MIN(len, (size_t)received->bytes); done < len; p = p->next)
        done += socket_copy_out(message, done, p->payload, MIN((size_t)p->len, len - done));
    return done;
}

/* The same, and it is gone; the window opens for as much. */
static size_t
move_out(struct socket *socket, const struct socket_message *message, size_t at, size_t len)
{
    struct socket_received *received = &socket->received;
    size_t done = 0, told = 0;

    len = MIN(len, (size_t)received->bytes);
    if (!len)
        return 0;
    net_core_enter();
    while (done < len) {
        u16_t n = (u16_t)MIN((size_t)received->first->len, len - done);

        socket_copy_out(message, at + done, received->first->payload, n);
        drop(received, n);
        done += n;
    }
    for (; socket->pcb.tcp && told < done; told += MIN(done - told, (size_t)0xffff))
        tcp_recved(socket->pcb.tcp, (u16_t)MIN(done - told, (size_t)0xffff));
    net_core_leave();
    return done;
}

/* ---- receiving ---- */

/* What comes is acknowledged as it is read, so a stream never has more than its window. */
uint32_t
stream_receive_least(const struct socket *socket)
{
    return MIN((uint32_t)MAX(socket->receive_least, 1), net_tcp_window / 2);
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

/* Nothing more is there: whether something will come. 0: it may be now, or the end (read_shut). */
static int
receive_more(struct socket *socket, bool dontwait, uint64_t deadline)
{
    bool gone = !socket->pcb.tcp || socket->state == SOCKET_FAILED;

    if (!socket->ended && !gone)
        return wait_for_more(socket, dontwait, deadline);
    if (!socket->ended && socket->error)
        return -socket_error(socket);
    socket->read_shut = true;
    return 0;
}

long
stream_receive(struct socket *socket, struct socket_message *message, long total,
               unsigned flags)
{
    uint64_t deadline = socket_deadline(socket->receive_timeout);
    size_t all = (size_t)total, least = all, done = 0;
    int error = 0;

    message->namelen = 0;
    if (socket->state == SOCKET_FRESH || socket->state == SOCKET_LISTENING)
        return -ENOTCONN;
    if (flags & LINUX_MSG_PEEK)
        least = MIN(all, (size_t)1);
    else if (!(flags & LINUX_MSG_WAITALL))
        least = MIN(all, (size_t)stream_receive_least(socket));
    while (!error && !socket->read_shut) {
        if (flags & LINUX_MSG_PEEK)
            done = copy_out(&socket->received, message, all);
        else
            done += move_out(socket, message, done, all - done);
        if (done >= least)
            break;
        error = receive_more(socket, flags & LINUX_MSG_DONTWAIT, deadline);
    }
    return done ? (long)done : error;
}

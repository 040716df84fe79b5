/*
 * Sending and receiving. A stream is cut into messages of a few pages and read over their borders; of
 * the other types each message arrives as it was sent. As everywhere here SIGPIPE is never sent.
 */
#include "kernel/kernel.h"
#include "lib/libc/signal.h"
#include "lib/libc/syscall.h"
#include "lib/unix/unix.h"

bool
unix_is_full(const struct unix_socket *receiver, const struct unix_socket *sender)
{
    return receiver->peer != sender && receiver->count > UNIX_DATAGRAMS;
}

static int
take_error(struct unix_socket *s)
{
    int error = s->error;

    s->error = 0;
    return -error;
}

/* ---- sending ---- */

/* What keeps the socket from sending to its peer, if anything does. */
static int
check_connection(struct unix_socket *s)
{
    if (s->error && s->type == LINUX_SOCK_SEQPACKET)
        return take_error(s);
    if (s->state != UNIX_CONNECTED)
        return -ENOTCONN;
    return s->write_shut || !s->peer || s->peer->read_shut ? -EPIPE : 0;
}

/* To whom a datagram goes. */
static int
find_receiver(struct unix_socket *s, const struct socket_message *message,
              struct unix_socket **out)
{
    if (message->name && message->namelen) {
        int error = unix_find(s->type, message->name, message->namelen, out);
        if (error)
            return error;
        if ((*out)->peer && (*out)->peer != s)
            return -EPERM;
    } else if (!s->peer) {
        bool gone = s->state == UNIX_CONNECTED;
        s->state = UNIX_FRESH;
        return gone ? -ECONNREFUSED : -ENOTCONN;
    } else {
        *out = s->peer;
    }
    if (s->write_shut || (*out)->read_shut)
        return -EPIPE;
    return 0;
}

/* The one that takes a message of so many bytes now, when it has room for it. */
static int
wait_for_room(struct unix_socket *s, const struct socket_message *message, size_t len,
              bool dontwait, uint64_t deadline, struct unix_socket **out)
{
    for (;;) {
        bool datagram = s->type == LINUX_SOCK_DGRAM;
        int error = datagram ? find_receiver(s, message, out) : check_connection(s);
        if (error)
            return error;
        if (!datagram)
            *out = s->peer;
        if (unix_has_room(*out, len) && !(datagram && unix_is_full(*out, s)))
            return 0;
        if (dontwait || s->file.flags & FILE_O_NONBLOCK)
            return socket_wait_for(&s->file, 0, true, deadline);
        error = signal_wait_on(&s->changed, deadline);
        if (error)
            return error == -ETIMEDOUT ? -EAGAIN : error;
    }
}

/* One message, or all of a stream. The first of a stream takes the rights. */
static long
send_pieces(struct unix_socket *s, const struct socket_message *message, size_t total,
            bool dontwait, struct file ***rights, unsigned nr_rights)
{
    uint64_t deadline = socket_deadline(s->send_timeout);
    bool stream = s->type == LINUX_SOCK_STREAM;
    struct unix_socket *to;
    size_t done = 0;

    do {
        size_t len = stream ? MIN(total - done, UNIX_PIECE) : total;
        int error =
            wait_for_room(s, message, stream ? UNIX_PIECE : len, dontwait, deadline, &to);
        struct unix_message *m = error ? NULL : unix_message_new(message, done, len);
        if (!error && !m)
            error = -ENOBUFS;
        if (error)
            return done ? (long)done : error;
        m->from = unix_name_hold(s->name);
        m->rights = *rights;
        m->nr_rights = *rights ? nr_rights : 0;
        *rights = NULL;
        unix_message_put(to, m);
        done += len;
    } while (done < total);
    return (long)done;
}

long
unix_send(struct file *file, const struct socket_message *message, long total, unsigned flags)
{
    struct unix_socket *s = file->private;
    struct file **rights;
    unsigned count;

    defer_run();
    if (message->name && message->namelen && s->type == LINUX_SOCK_STREAM)
        return s->state == UNIX_CONNECTED ? -EISCONN : -EOPNOTSUPP;
    if (s->type != LINUX_SOCK_STREAM && (uint32_t)total > UNIX_ROOM - UNIX_OVERHEAD)
        return -EMSGSIZE;
    int error = unix_control_in(message, &rights, &count);
    if (error)
        return error;
    long result = 0;
    if (s->type != LINUX_SOCK_DGRAM)
        result = check_connection(s);
    if (!result && (total || s->type != LINUX_SOCK_STREAM))
        result =
            send_pieces(s, message, (size_t)total, flags & LINUX_MSG_DONTWAIT, &rights, count);
    unix_rights_free(rights, count);
    return result;
}

/* ---- receiving ---- */

/* 0 when a message is there; 1 at the end; or why there is none. */
static int
wait_for_message(struct unix_socket *s, bool dontwait, uint64_t deadline)
{
    while (!s->count) {
        if (s->error && s->type != LINUX_SOCK_DGRAM)
            return take_error(s);
        if (s->read_shut)
            return 1;
        int error = socket_wait_for(&s->file, FILE_POLLIN, dontwait, deadline);
        if (error)
            return error;
    }
    return 0;
}

static void
put_sender(const struct unix_message *m, struct socket_message *message)
{
    if (!message->name)
        return;
    if (m->from)
        unix_name_put(m->from, message->name, &message->namelen);
    else
        message->namelen = 0;
}

static long
receive_one(struct unix_socket *s, struct socket_message *message, long room, unsigned flags)
{
    int error =
        wait_for_message(s, flags & LINUX_MSG_DONTWAIT, socket_deadline(s->receive_timeout));

    if (error > 0)
        message->namelen = 0;
    if (error)
        return MIN(error, 0);
    struct unix_message *m = unix_message_first(s);
    uint32_t len = m->len;
    (void)socket_copy_out(message, 0, m->bytes, len);
    put_sender(m, message);
    unix_control_out(s, m, message, flags);
    if (len > (uint32_t)room)
        message->flags |= LINUX_MSG_TRUNC;
    if (s->type == LINUX_SOCK_SEQPACKET)
        message->flags |= LINUX_MSG_EOR;
    if (!(flags & LINUX_MSG_PEEK)) {
        unix_message_drop(s, m);
        unix_wake_senders(s);
    }
    return flags & LINUX_MSG_TRUNC ? (long)len : (long)MIN(len, (uint32_t)room);
}

/* Up to the end of what is there, or of a message that passed descriptors. */
static size_t
take_bytes(struct unix_socket *s, struct socket_message *message, size_t at, size_t room,
           unsigned flags)
{
    struct list *link = s->messages.next;
    size_t done = 0;

    while (link != &s->messages && done < room) {
        struct unix_message *m = container_of(link, struct unix_message, link);
        bool passes = m->rights;
        size_t n = MIN(room - done, (size_t)(m->len - m->done));

        link = link->next;
        (void)socket_copy_out(message, at + done, m->bytes + m->done, n);
        if (at + done == 0)
            put_sender(m, message);
        if (passes || at + done == 0)
            unix_control_out(s, m, message, flags);
        done += n;
        if (!(flags & LINUX_MSG_PEEK)) {
            m->done += (uint32_t)n;
            if (m->done == m->len)
                unix_message_drop(s, m);
        }
        if (passes)
            break;
    }
    if (done && !(flags & LINUX_MSG_PEEK))
        unix_wake_senders(s);
    return done;
}

static long
receive_stream(struct unix_socket *s, struct socket_message *message, size_t room,
               unsigned flags)
{
    uint64_t deadline = socket_deadline(s->receive_timeout);
    bool all = (flags & LINUX_MSG_WAITALL) && !(flags & LINUX_MSG_PEEK);
    size_t done = 0;

    message->namelen = 0;
    if (s->state != UNIX_CONNECTED)
        return -EINVAL;
    while (done < room) {
        int error = wait_for_message(s, flags & LINUX_MSG_DONTWAIT, deadline);
        if (error)
            return error > 0 || done ? (long)done : error;
        done += take_bytes(s, message, done, room - done, flags);
        if (!all || message->control_len)
            break;
    }
    return (long)done;
}

long
unix_receive(struct file *file, struct socket_message *message, long total, unsigned flags)
{
    struct unix_socket *s = file->private;

    defer_run();
    if (s->type == LINUX_SOCK_STREAM)
        return receive_stream(s, message, (size_t)total, flags);
    if (s->type == LINUX_SOCK_SEQPACKET && s->state != UNIX_CONNECTED)
        return -ENOTCONN;
    return receive_one(s, message, total, flags);
}

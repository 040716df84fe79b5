/*
 * Connections of TCP: how they are made, told apart and ended. lwIP calls the functions of the first
 * part as things happen; the others are called for a program. The pcb tells when it goes by a slot
 * that it keeps for the socket (connection.h), since lwIP ends some without a word: those in
 * TIME-WAIT, for one.
 */
#include "lib/net/connection.h"
#include "lib/net/core.h"
#include "lib/net/socket.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "lwip/tcp.h"

#define POLL_PERIOD     2 /* of half a second: how often who found no memory tries again */
#define LINGERING_LOOKS 1

/* ---- what lwIP tells ---- */

static bool
is_writable(const struct socket *socket)
{
    const struct tcp_pcb *pcb = socket->pcb.tcp;

    return !socket->starved && pcb->snd_buf > TCP_SNDLOWAT &&
           pcb->snd_queuelen < TCP_SNDQUEUELOWAT && stream_room(socket);
}

static err_t
on_received(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t unused)
{
    struct socket *socket = arg;

    (void)pcb;
    (void)unused;
    if (!p)
        socket->ended = true;
    else if (!stream_take_in(socket, p))
        return ERR_MEM; /* lwIP keeps it, and comes again */
    wake_all(&socket->changed);
    return ERR_OK;
}

/* From time to time, and when the peer has acknowledged something. */
static err_t
on_poll(void *arg, struct tcp_pcb *pcb)
{
    struct socket *socket = arg;

    (void)pcb;
    socket->starved = false;
    if (socket->state != SOCKET_LINGERING && (!socket->full || !is_writable(socket)))
        return ERR_OK;
    socket->full = false;
    wake_all(&socket->changed);
    return ERR_OK;
}

static err_t
on_sent(void *arg, struct tcp_pcb *pcb, u16_t len)
{
    (void)len;
    return on_poll(arg, pcb);
}

static int
reason(const struct socket *socket, err_t error)
{
    if (error != ERR_RST)
        return ETIMEDOUT; /* lwIP gave up, or connection.c did */
    if (socket->state == SOCKET_CONNECTING)
        return ECONNREFUSED;
    return socket->ended ? EPIPE : ECONNRESET; /* behind the end only a send asks for one */
}

/* The pcb is gone. */
static void
on_error(void *arg, err_t error)
{
    struct socket *socket = arg;

    socket->pcb.tcp = NULL;
    if (error == ERR_CLSD)
        socket->ended = true; /* both ends are acknowledged */
    else
        socket->error = reason(socket, error);
    if (socket->state == SOCKET_CONNECTING)
        socket->state = SOCKET_FAILED;
    wake_all(&socket->changed);
}

static void
on_destroyed(u8_t slot, void *arg)
{
    struct socket *socket = arg;

    (void)slot;
    if (!socket)
        return;
    socket->pcb.tcp = NULL;
    wake_all(&socket->changed);
}

static err_t
on_connected(void *arg, struct tcp_pcb *pcb, err_t unused)
{
    struct socket *socket = arg;

    (void)pcb;
    (void)unused;
    socket->state = SOCKET_CONNECTED;
    wake_all(&socket->changed);
    return ERR_OK;
}

/* ---- the pcb ---- */

void
stream_attach(struct socket *socket, struct tcp_pcb *pcb)
{
    static const struct tcp_ext_arg_callbacks destroyed = {.destroy = on_destroyed};

    socket->pcb.tcp = pcb;
    tcp_arg(pcb, socket);
    tcp_recv(pcb, on_received);
    tcp_sent(pcb, on_sent);
    tcp_poll(pcb, on_poll, POLL_PERIOD);
    tcp_err(pcb, on_error);
    tcp_ext_arg_set(pcb, CONNECTION_SOCKET, socket);
    tcp_ext_arg_set_callbacks(pcb, CONNECTION_SOCKET, &destroyed);
}

struct tcp_pcb *
stream_detach(struct socket *socket)
{
    struct tcp_pcb *pcb = socket->pcb.tcp;

    socket->pcb.tcp = NULL;
    tcp_arg(pcb, NULL);
    tcp_ext_arg_set(pcb, CONNECTION_SOCKET, NULL);
    if (socket->state == SOCKET_LISTENING)
        return pcb;
    tcp_recv(pcb, NULL);
    tcp_sent(pcb, NULL);
    tcp_poll(pcb, NULL, 0);
    tcp_err(pcb, NULL);
    return pcb;
}

int
stream_open(struct socket *socket)
{
    struct tcp_pcb *pcb;

    net_core_enter();
    pcb = tcp_new_ip_type(socket->domain == LINUX_AF_INET6 ? IPADDR_TYPE_ANY : IPADDR_TYPE_V4);
    if (pcb)
        stream_attach(socket, pcb);
    net_core_leave();
    return pcb ? 0 : -ENOMEM;
}

unsigned
stream_poll(struct socket *socket)
{
    bool gone = !socket->pcb.tcp || socket->state == SOCKET_FAILED;
    bool ended = gone || socket->ended || socket->read_shut;
    unsigned events = socket->error ? FILE_POLLERR : 0;

    switch (socket->state) {
    case SOCKET_FRESH:
        return FILE_POLLOUT | FILE_POLLHUP;
    case SOCKET_LISTENING:
        return listener_poll(socket);
    case SOCKET_ROUTELESS:
    case SOCKET_CONNECTING:
        return 0;
    default:
        break;
    }
    if (ended || socket->received.bytes >= stream_receive_least(socket))
        events |= FILE_POLLIN;
    if (ended)
        events |= FILE_POLLRDHUP;
    if (gone || (ended && socket->write_shut))
        events |= FILE_POLLHUP;
    socket->full = !gone && !socket->write_shut && !is_writable(socket);
    return socket->full ? events : events | FILE_POLLOUT;
}

/* ---- connecting ---- */

/* As soon as there is a route, if not at once. 0: it is under way. */
static int
begin_connection(struct socket *socket)
{
    int error;

    net_core_enter();
    error = socket_errno(
        tcp_connect(socket->pcb.tcp, &socket->peer, socket->peer_port, on_connected));
    net_core_leave();
    if (!error) {
        socket->state = SOCKET_CONNECTING;
        return 0;
    }
    if (error != -EHOSTUNREACH || !socket_await_route(socket, IP_IS_V6(&socket->peer)))
        return error;
    socket->state = SOCKET_ROUTELESS;
    return 0;
}

void
socket_route_changed(struct socket *socket)
{
    if (socket->state == SOCKET_ROUTELESS) {
        int error = begin_connection(socket);

        if (error) {
            socket->state = SOCKET_FAILED;
            socket->error = -error;
        }
    }
    wake_all(&socket->changed);
}

static int
await_connection(struct socket *socket, uint64_t deadline)
{
    while (socket->state == SOCKET_CONNECTING || socket->state == SOCKET_ROUTELESS) {
        int error = socket_wait(socket, FILE_POLLOUT, false, deadline);

        if (error)
            return error == -EAGAIN ? -EINPROGRESS : error;
    }
    return -socket_error(socket);
}

int
stream_connect(struct socket *socket, const ip_addr_t *peer, uint16_t port)
{
    uint64_t deadline = socket_deadline(socket->send_timeout);
    int error;

    switch (socket->state) {
    case SOCKET_FRESH:
        break;
    case SOCKET_FAILED:
        error = socket_error(socket);
        return error ? -error : -ECONNABORTED;
    case SOCKET_CONNECTING:
    case SOCKET_ROUTELESS:
        error = await_connection(socket, deadline);
        return error == -EINPROGRESS ? -EALREADY : error;
    default:
        return -EISCONN;
    }
    socket->peer = *peer;
    socket->peer_port = port;
    error = begin_connection(socket);
    return error ? error : await_connection(socket, deadline);
}

/* ---- ending ---- */

/* What it wrote is sent, then the end. */
static int
shut_write(struct socket *socket)
{
    if (socket->write_shut)
        return 0;
    return socket->pcb.tcp ? socket_errno(tcp_shutdown(socket->pcb.tcp, 0, 1)) : -ENOTCONN;
}

int
socket_shutdown(struct file *file, int how)
{
    struct socket *socket = socket_of(file);
    bool listens = socket->state == SOCKET_LISTENING, reads = how != LINUX_SHUT_WR;
    int error = 0;

    if (how < LINUX_SHUT_RD || how > LINUX_SHUT_RDWR)
        return -EINVAL;
    if (socket->state != SOCKET_CONNECTED && (!listens || !reads))
        return -ENOTCONN;
    net_core_enter();
    if (listens)
        listener_end(socket);
    else if (how != LINUX_SHUT_RD && socket->type == LINUX_SOCK_STREAM)
        error = shut_write(socket);
    net_core_leave();
    if (error)
        return error;
    socket->read_shut |= reads;
    socket->write_shut |= listens || how != LINUX_SHUT_RD;
    wake_all(&socket->changed);
    return 0;
}

void
socket_end_all(void)
{
    for (struct socket *socket = socket_next(NULL); socket; socket = socket_next(socket))
        if (socket->state == SOCKET_CONNECTED)
            (void)socket_shutdown(&socket->file, LINUX_SHUT_WR); /* what fails has ended */
}

/* Until the peer has acknowledged all, or the time is over. The end is under way. */
static void
linger(struct socket *socket)
{
    uint64_t deadline = clock_now() + (uint64_t)socket->linger * NSEC_PER_SEC;
    bool late = false;

    while (!late && socket->pcb.tcp && (socket->pcb.tcp->unsent || socket->pcb.tcp->unacked))
        late = wait_on(&socket->changed, deadline) < 0 && clock_now() >= deadline;
    net_core_enter();
    if (socket->pcb.tcp && late)
        tcp_abort(stream_detach(socket));
    else if (socket->pcb.tcp)
        stream_detach(socket);
    net_core_leave();
}

/* SO_LINGER with no time is how a program resets a connection. */
static void
end_connection(struct socket *socket)
{
    struct tcp_pcb *pcb = socket->pcb.tcp;
    bool connected = socket->state == SOCKET_CONNECTED;

    if (connected && !socket->linger) {
        tcp_abort(stream_detach(socket));
    } else if (connected && socket->linger > 0 && (pcb->unsent || pcb->unacked)) {
        socket->state = SOCKET_LINGERING;
        tcp_poll(pcb, on_poll, LINGERING_LOOKS);
        (void)tcp_close(pcb); /* what has no memory for its end sends it later */
    } else {
        (void)tcp_close(stream_detach(socket));
    }
}

void
stream_close(struct socket *socket)
{
    net_core_enter();
    if (socket->state == SOCKET_LISTENING)
        listener_end(socket);
    else if (socket->pcb.tcp)
        end_connection(socket);
    net_core_leave();
    if (socket->state == SOCKET_LINGERING)
        linger(socket);
    net_core_enter();
    if (socket->state != SOCKET_LISTENING)
        stream_drop_all(socket);
    net_core_leave();
}

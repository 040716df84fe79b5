/*
 * BSD sockets on lwIP's own socket layer (its sockets.c), which does the work. Two things it
 * leaves to us.
 *
 * Waiting: every socket is non-blocking inside lwIP, and what blocks, blocks here on the wait
 * queue that poll() uses too. So there is one way to wait, time-outs and signals are the same
 * for all calls, and two threads can use one socket.
 *
 * Being told: lwIP calls a function of its sockets.c for each event on a connection. That
 * file is compiled to make its connections by net_netconn_new(), which puts socket_event()
 * in front; connections that are accepted inherit it from the listening one.
 */
#include "lib/net/socket.h"
#include "lib/libc/signal.h"
#include "lib/libc/syscall.h"
#include "lib/net/core.h"
#include "lib/net/reuse.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "lwip/api.h"
#include "lwip/priv/sockets_priv.h"
#include "lwip/tcp.h"
#include "lwip/udp.h"

/* ---- events ---- */

static netconn_callback lwip_event;

static void
socket_event(struct netconn *conn, enum netconn_evt event, u16_t len)
{
    struct socket *socket;

    lwip_event(conn, event, len);
    if (conn->socket < 0 || event == NETCONN_EVT_RCVMINUS || event == NETCONN_EVT_SENDMINUS)
        return;
    socket = socket_by_number(conn->socket);
    if (socket)
        wake_all(&socket->changed);
}

struct netconn *
net_netconn_new(enum netconn_type type, u8_t protocol, netconn_callback callback)
{
    lwip_event = callback;
    return netconn_new_with_proto_and_callback(type, protocol, socket_event);
}

struct lwip_sock *
socket_inner(const struct socket *socket)
{
    return lwip_socket_dbg_get_socket(socket->number);
}

/* A connect that was under way may have ended since one last looked. */
static void
update_state(struct socket *socket)
{
    const struct netconn *conn = socket_inner(socket)->conn;

    if (socket->state == SOCKET_CONNECTING && conn->state != NETCONN_CONNECT)
        socket->state = conn->pcb.tcp ? SOCKET_CONNECTED : SOCKET_FAILED;
}

static unsigned
poll_tcp(struct socket *socket)
{
    const struct lwip_sock *sock = socket_inner(socket);
    bool gone = !sock->conn->pcb.tcp || socket->state == SOCKET_FAILED;
    unsigned events = 0;

    if (socket->state == SOCKET_FRESH)
        return FILE_POLLOUT | FILE_POLLHUP;
    if (socket->state == SOCKET_ROUTELESS)
        return 0;
    if (socket->read_shut || gone || socket_has_least(socket))
        events |= FILE_POLLIN;
    if (socket->state != SOCKET_LISTENING &&
        (gone || (sock->sendevent && socket_send_room(socket))))
        events |= FILE_POLLOUT;
    if (sock->conn->pending_err || socket->route_error)
        events |= FILE_POLLERR;
    if (gone || socket->read_shut || sock->conn->pcb.tcp->state >= CLOSE_WAIT)
        events |= FILE_POLLRDHUP;
    if (gone || (socket->read_shut && socket->write_shut))
        events |= FILE_POLLHUP;
    return events;
}

static unsigned
socket_poll(struct file *file)
{
    struct socket *socket = file->private;
    const struct lwip_sock *sock = socket_inner(socket);

    update_state(socket);
    if (socket->type == LINUX_SOCK_STREAM)
        return poll_tcp(socket);
    return (socket->waits_for_route ? 0 : FILE_POLLOUT) | (socket->refused ? FILE_POLLERR : 0) |
           (sock->rcvevent > 0 || sock->lastdata.netbuf || socket->read_shut ? FILE_POLLIN : 0);
}

/* ---- waiting ---- */

int
socket_failure(void)
{
    return net_errno ? -net_errno : -EIO;
}

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

int
socket_error(struct socket *socket)
{
    bool connecting;
    int error;

    if (socket->refused) {
        socket->refused = false;
        return ECONNREFUSED;
    }
    if (socket->route_error) {
        error = socket->route_error;
        socket->route_error = 0;
        socket->state = SOCKET_FRESH; /* lwIP's connection has not begun: another may */
        return error;
    }
    update_state(socket);
    connecting = socket->state == SOCKET_FAILED;
    error = err_to_errno(netconn_err(socket_inner(socket)->conn));
    if (error == ECONNABORTED) /* lwIP gave up sending */
        return ETIMEDOUT;
    if (error == ECONNRESET && socket->read_shut) /* behind the end: only a send asks for one */
        return EPIPE;
    return error == ECONNRESET && connecting ? ECONNREFUSED : error;
}

void
socket_refused(u16_t port, const ip_addr_t *peer, u16_t peer_port)
{
    for (struct socket *socket = socket_next(NULL); socket; socket = socket_next(socket)) {
        if (socket->type != LINUX_SOCK_DGRAM || socket->state != SOCKET_CONNECTED)
            continue;
        const struct udp_pcb *pcb = socket_inner(socket)->conn->pcb.udp;
        if (pcb->local_port != port || pcb->remote_port != peer_port ||
            !ip_addr_cmp(&pcb->remote_ip, peer))
            continue;
        socket->refused = true;
        wake_all(&socket->changed);
    }
}

/* ---- life ---- */

/* SO_LINGER with no time is how a program resets a connection. lwIP does so only if there is
 * something left to send. */
static void
reset_if_asked(struct socket *socket)
{
    const struct netconn *conn = socket_inner(socket)->conn;

    update_state(socket);
    if (socket->type != LINUX_SOCK_STREAM || socket->state != SOCKET_CONNECTED || conn->linger)
        return;
    net_core_enter();
    if (conn->pcb.tcp)
        tcp_abort(conn->pcb.tcp);
    net_core_leave();
}

static void
socket_close(struct file *file)
{
    struct socket *socket = file->private;

    socket_await_no_route(socket);
    reset_if_asked(socket);
    /* Lingering is a wait inside lwIP, which it does for blocking sockets only. */
    netconn_set_nonblocking(socket_inner(socket)->conn, 0);
    socket_leave(socket);
    if (lwip_close(socket->number) < 0)
        log_warn("net: a socket could not be closed: error %d", net_errno);
    else
        net_sockets_open--;
    kfree(socket);
}

static int
socket_stat(struct file *file, struct file_stat *out)
{
    const struct socket *socket = file->private;

    *out = (struct file_stat){
        .mode = LINUX_S_IFSOCK | 0777, .inode = (uint64_t)socket->number + 1, .links = 1};
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

/* All that a socket needs but lwIP's; kfree ends it. 0, -ENOMEM or -ENFILE. */
static int
prepare(struct socket **out)
{
    int error = socket_make_room();

    *out = error ? NULL : kmalloc(sizeof(**out));
    return error ? error : *out ? 0 : -ENOMEM;
}

/* lwIP's part of it is there. */
static void
wrap(struct socket *socket, int number, int domain, int type, int protocol)
{
    wait_queue_init(&socket->changed);
    socket->number = number;
    socket->domain = (uint16_t)domain;
    socket->type = (uint16_t)type;
    socket->protocol = (uint16_t)protocol;
    socket->file.ops = &socket_ops;
    socket->file.private = socket;
    socket->file.refs = 1;
    socket->file.flags = FILE_O_RDWR;
    socket->file.changed = &socket->changed;
    socket_enter(socket);
    netconn_set_nonblocking(socket_inner(socket)->conn, 1);
    socket_inner(socket)->conn->flags |= NETCONN_FLAG_PKTINFO;
}

/* The protocol number that a kind of socket has, or a negative errno. */
static int
choose_protocol(int type, int protocol)
{
    switch (type) {
    case LINUX_SOCK_STREAM:
        return !protocol || protocol == IPPROTO_TCP ? IPPROTO_TCP : -EPROTONOSUPPORT;
    case LINUX_SOCK_DGRAM:
        return !protocol || protocol == IPPROTO_UDP ? IPPROTO_UDP : -EPROTONOSUPPORT;
    case LINUX_SOCK_RAW:
        return protocol > 0 && protocol < 256 ? protocol : -EPROTONOSUPPORT;
    default:
        return -ESOCKTNOSUPPORT;
    }
}

int
socket_new(int domain, int type, int protocol, struct socket **out)
{
    int number, error;

    protocol = choose_protocol(type, protocol);
    if (protocol < 0)
        return protocol;
    error = prepare(out);
    if (error)
        return error;
    number = lwip_socket(domain, type, protocol);
    if (number < 0) {
        kfree(*out);
        return socket_failure();
    }
    wrap(*out, number, domain, type, protocol);
    return 0;
}

/* ---- connections ---- */

/* As soon as there is a route, if not at once. 0: it is under way. */
static int
begin_connection(struct socket *socket)
{
    const union socket_address *to = &socket->target;
    int error =
        lwip_connect(socket->number, &to->any, socket->target_len) < 0 ? socket_failure() : 0;

    if (!error || error == -EINPROGRESS) {
        socket->state = SOCKET_CONNECTING;
        return 0;
    }
    if (error != -EHOSTUNREACH || !socket_await_route(socket, socket_address_is_ip6(to)))
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
            socket->route_error = -error;
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
        update_state(socket);
    }
    return -socket_error(socket);
}

static int
connect_tcp(struct socket *socket, const union socket_address *address, socklen_t len)
{
    uint64_t deadline = socket_deadline(socket->send_timeout);
    int error;

    update_state(socket);
    switch (socket->state) {
    case SOCKET_CONNECTED:
    case SOCKET_LISTENING:
        return -EISCONN;
    case SOCKET_FAILED:
        error = socket_error(socket);
        return error ? -error : -ECONNABORTED;
    case SOCKET_CONNECTING:
    case SOCKET_ROUTELESS:
        error = await_connection(socket, deadline);
        return error == -EINPROGRESS ? -EALREADY : error;
    case SOCKET_FRESH:
        break;
    }
    socket->target = *address;
    socket->target_len = len;
    error = begin_connection(socket);
    return error ? error : await_connection(socket, deadline);
}

int
socket_connect(struct socket *socket, const void *name, uint32_t namelen)
{
    union socket_address address;
    socklen_t len;
    int error = socket_address_in(name, namelen, &address, &len);

    if (error)
        return error;
    if (socket->domain == LINUX_AF_INET && address.any.sa_family == AF_INET6)
        return -EAFNOSUPPORT;
    socket_address_destination(&address);
    socket->refused = false;
    if (socket->type == LINUX_SOCK_STREAM)
        return address.any.sa_family == AF_UNSPEC ? -EAFNOSUPPORT
                                                  : connect_tcp(socket, &address, len);
    if (lwip_connect(socket->number, &address.any, len) < 0)
        return socket_failure();
    socket->state = address.any.sa_family == AF_UNSPEC ? SOCKET_FRESH : SOCKET_CONNECTED;
    return 0;
}

int
socket_listen(struct socket *socket, int backlog)
{
    int error;

    if (socket->state == SOCKET_ROUTELESS)
        return -EINVAL;
    error = reuse_listen(socket, MAX(backlog, 1));
    if (error)
        return error;
    socket->state = SOCKET_LISTENING;
    return 0;
}

/* What it cannot be given a number or memory for waits until there is some. */
static int
try_accept(struct socket *socket, struct socket **out)
{
    int fd = fd_next(0), number, error;

    error = fd < 0 ? fd : prepare(out);
    if (error)
        return error;
    number = lwip_accept(socket->number, NULL, NULL);
    if (number < 0) {
        kfree(*out);
        return socket_failure();
    }
    wrap(*out, number, socket->domain, socket->type, socket->protocol);
    (*out)->state = SOCKET_CONNECTED;
    socket_inherit(*out, socket);
    return 0;
}

int
socket_accept(struct socket *socket, struct socket **out)
{
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

int
socket_shutdown(struct socket *socket, int how)
{
    static const int lwip_how[] = {SHUT_RD, SHUT_WR, SHUT_RDWR};

    if (how < LINUX_SHUT_RD || how > LINUX_SHUT_RDWR)
        return -EINVAL;
    update_state(socket);
    if (socket->state == SOCKET_LISTENING && how != LINUX_SHUT_WR)
        how = LINUX_SHUT_RDWR; /* all that lwIP knows of it, and what both mean: no more */
    else if (socket->state != SOCKET_CONNECTED)
        return -ENOTCONN;
    if (socket->type == LINUX_SOCK_STREAM && lwip_shutdown(socket->number, lwip_how[how]) < 0)
        return socket_failure();
    socket->read_shut |= how != LINUX_SHUT_WR;
    socket->write_shut |= how != LINUX_SHUT_RD;
    wake_all(&socket->changed);
    return 0;
}

void
socket_end_all(void)
{
    for (struct socket *socket = socket_next(NULL); socket; socket = socket_next(socket))
        if (socket->state == SOCKET_CONNECTED)
            (void)socket_shutdown(socket, LINUX_SHUT_WR); /* what fails has ended */
}

/*
 * Socket options. Most are a number or a bit that lwIP, or the socket, keeps somewhere, for a value
 * of 32 bits: a table. The rest is done one by one.
 */
#include "lib/net/connection.h"
#include "lib/net/core.h"
#include "lib/net/links.h"
#include "lib/net/reuse.h"
#include "lib/net/socket.h"
#include "kernel/kernel.h"
#include "kernel/string.h"
#include "lwip/tcp.h"
#include "lwip/udp.h"

enum kind {
    SHARED_BIT,     /* of so_options, which every pcb has */
    SHARED_BYTE,    /* of what every pcb has */
    UDP_BIT,        /* of a UDP pcb's flags */
    UDP_BYTE,       /* of a UDP pcb; one byte will do as a value */
    TCP_WORD,       /* of a connection's pcb */
    TCP_SECONDS,    /* the same, in milliseconds there */
    SOCKET_BOOLEAN, /* of struct socket */
    SOCKET_INTEGER,
};

static const struct option {
    int level, name; /* Linux's */
    enum kind kind;
    size_t at; /* which bit, or where */
} options[] = {
    {LINUX_SOL_SOCKET, LINUX_SO_REUSEADDR, SHARED_BIT, SOF_REUSEADDR},
    {LINUX_SOL_SOCKET, LINUX_SO_BROADCAST, SHARED_BIT, SOF_BROADCAST},
    {LINUX_SOL_SOCKET, LINUX_SO_KEEPALIVE, SHARED_BIT, SOF_KEEPALIVE},
    {LINUX_SOL_SOCKET, LINUX_SO_RCVBUF, SOCKET_INTEGER,
     offsetof(struct socket, receive_buffer)},
    {LINUX_IPPROTO_IP, LINUX_IP_TOS, SHARED_BYTE, offsetof(struct ip_pcb, tos)},
    {LINUX_IPPROTO_IP, LINUX_IP_TTL, SHARED_BYTE, offsetof(struct ip_pcb, ttl)},
    {LINUX_IPPROTO_IP, LINUX_IP_MULTICAST_TTL, UDP_BYTE, offsetof(struct udp_pcb, mcast_ttl)},
    {LINUX_IPPROTO_IP, LINUX_IP_MULTICAST_LOOP, UDP_BIT, UDP_FLAGS_MULTICAST_LOOP},
    {LINUX_IPPROTO_TCP, LINUX_TCP_KEEPIDLE, TCP_SECONDS, offsetof(struct tcp_pcb, keep_idle)},
    {LINUX_IPPROTO_TCP, LINUX_TCP_KEEPINTVL, TCP_SECONDS, offsetof(struct tcp_pcb, keep_intvl)},
    {LINUX_IPPROTO_TCP, LINUX_TCP_KEEPCNT, TCP_WORD, offsetof(struct tcp_pcb, keep_cnt)},
    {LINUX_IPPROTO_IPV6, LINUX_IPV6_V6ONLY, SOCKET_BOOLEAN, offsetof(struct socket, only_ip6)},
    {LINUX_IPPROTO_IPV6, LINUX_IPV6_UNICAST_HOPS, SHARED_BYTE, offsetof(struct ip_pcb, ttl)},
};

static const struct option *
find(int level, int name)
{
    for (unsigned i = 0; i < ARRAY_SIZE(options); i++)
        if (options[i].level == level && options[i].name == name)
            return &options[i];
    return NULL;
}

/* The socket has such an option: 0. -EINVAL: its connection is gone, or it listens. */
static int
applies(const struct socket *socket, const struct option *option)
{
    bool tcp = option->kind == TCP_WORD || option->kind == TCP_SECONDS;
    bool udp = option->kind == UDP_BIT || option->kind == UDP_BYTE ||
               (option->kind == SHARED_BIT && option->at == SOF_BROADCAST);

    if ((tcp && socket->type != LINUX_SOCK_STREAM) || (udp && socket->type != LINUX_SOCK_DGRAM))
        return -ENOPROTOOPT;
    if (option->kind == SOCKET_BOOLEAN || option->kind == SOCKET_INTEGER)
        return 0;
    return !socket->pcb.ip || (tcp && socket->state == SOCKET_LISTENING) ? -EINVAL : 0;
}

static void
change_bit(u8_t *flags, size_t bit, bool on)
{
    *flags = (u8_t)(on ? *flags | bit : *flags & ~bit);
}

static void
set_by_table(struct socket *socket, const struct option *option, int value)
{
    char *pcb = (char *)socket->pcb.ip;

    switch (option->kind) {
    case SHARED_BIT:
        change_bit(&socket->pcb.ip->so_options, option->at, value);
        break;
    case UDP_BIT:
        change_bit(&socket->pcb.udp->flags, option->at, value);
        break;
    case SHARED_BYTE:
    case UDP_BYTE:
        *(u8_t *)(pcb + option->at) = (u8_t)value;
        break;
    case TCP_WORD:
        *(u32_t *)(pcb + option->at) = (u32_t)value;
        break;
    case TCP_SECONDS:
        *(u32_t *)(pcb + option->at) = (u32_t)value * 1000;
        break;
    case SOCKET_BOOLEAN:
        *(bool *)((char *)socket + option->at) = value;
        break;
    case SOCKET_INTEGER:
        *(int *)((char *)socket + option->at) = value;
        break;
    }
}

static int
get_by_table(const struct socket *socket, const struct option *option)
{
    const char *pcb = (const char *)socket->pcb.ip;

    switch (option->kind) {
    case SHARED_BIT:
        return (socket->pcb.ip->so_options & option->at) != 0;
    case UDP_BIT:
        return (socket->pcb.udp->flags & option->at) != 0;
    case SHARED_BYTE:
    case UDP_BYTE:
        return *(const u8_t *)(pcb + option->at);
    case TCP_WORD:
        return (int)*(const u32_t *)(pcb + option->at);
    case TCP_SECONDS:
        return (int)(*(const u32_t *)(pcb + option->at) / 1000);
    case SOCKET_BOOLEAN:
        return *(const bool *)((const char *)socket + option->at);
    default:
        return *(const int *)((const char *)socket + option->at);
    }
}

/* ---- one by one ---- */

static int
set_receive_least(struct socket *socket, int least)
{
    socket->receive_least = least < 0 ? INT32_MAX : least;
    wake_all(&socket->changed); /* what is there may be enough now */
    return 0;
}

static int
set_linger(struct socket *socket, const void *value, uint32_t len)
{
    int pair[2]; /* on or off, and seconds */

    if (len < sizeof(pair))
        return -EINVAL;
    memcpy(pair, value, sizeof(pair));
    if (pair[0] && pair[1] < 0)
        return -EINVAL;
    socket->linger = pair[0] ? pair[1] : -1;
    return 0;
}

static int
get_linger(const struct socket *socket, void *value, uint32_t *len)
{
    int pair[2] = {socket->linger >= 0, MAX(socket->linger, 0)};

    return socket_give(value, len, pair, sizeof(pair));
}

/* A listener keeps it for its connections. */
static int
set_nodelay(struct socket *socket, bool on)
{
    if (socket->type != LINUX_SOCK_STREAM)
        return -ENOPROTOOPT;
    if (!socket->pcb.tcp)
        return -EINVAL;
    socket->nodelay = on;
    if (socket->state == SOCKET_LISTENING)
        return 0;
    net_core_enter();
    if (on) {
        tcp_nagle_disable(socket->pcb.tcp);
        connection_flush(socket->pcb.tcp); /* also what a cork holds (tcp(7)) */
    } else {
        tcp_nagle_enable(socket->pcb.tcp);
    }
    net_core_leave();
    return 0;
}

static uint64_t *
timeout_of(struct socket *socket, int level, int name, size_t *half)
{
    return level == LINUX_SOL_SOCKET
               ? socket_timeout_of(name, &socket->receive_timeout, &socket->send_timeout, half)
               : NULL;
}

/* ---- set ---- */

/* Those of a word that no table and no other file has. -ENOPROTOOPT: none of them. */
static int
set_word(struct socket *socket, int level, int name, const void *value, uint32_t len)
{
    int word = 0;
    bool own =
        (level == LINUX_SOL_SOCKET && (name == LINUX_SO_SNDBUF || name == LINUX_SO_RCVLOWAT)) ||
        (level == LINUX_IPPROTO_TCP && name == LINUX_TCP_NODELAY);

    if (!own)
        return -ENOPROTOOPT;
    if (len < sizeof(word))
        return -EINVAL;
    memcpy(&word, value, sizeof(word));
    if (level == LINUX_IPPROTO_TCP)
        return set_nodelay(socket, word);
    return name == LINUX_SO_RCVLOWAT ? set_receive_least(socket, word)
                                     : 0; /* SNDBUF: the size follows the machine's memory */
}

static int
set_listed(struct socket *socket, const struct option *option, const void *value, uint32_t len)
{
    int word = 0, error = applies(socket, option);

    if (error)
        return error;
    if (len < sizeof(word) && (option->level != LINUX_IPPROTO_IP || !len ||
                               (option->kind != UDP_BYTE && option->kind != UDP_BIT)))
        return -EINVAL;
    memcpy(&word, value, MIN(len, (uint32_t)sizeof(word)));
    set_by_table(socket, option, word);
    return 0;
}

int
socket_set_option(struct file *file, int level, int name, const void *value, uint32_t len)
{
    struct socket *socket = socket_of(file);
    const struct option *option = find(level, name);
    size_t half;
    uint64_t *timeout = timeout_of(socket, level, name, &half);
    int error;

    if (timeout)
        return socket_set_timeout(timeout, value, len, half);
    if (option)
        return set_listed(socket, option, value, len);
    error = set_word(socket, level, name, value, len);
    if (error != -ENOPROTOOPT)
        return error;
    if (level == LINUX_SOL_SOCKET && name == LINUX_SO_LINGER)
        return set_linger(socket, value, len);
    if (level == LINUX_IPPROTO_IPV6 &&
        (name == LINUX_IPV6_JOIN_GROUP || name == LINUX_IPV6_LEAVE_GROUP))
        return multicast_change(socket, name == LINUX_IPV6_JOIN_GROUP, value, len);
    return level == LINUX_IPPROTO_TCP
               ? socket_set_tcp_option(socket, name, value, len)
               : socket_set_place_option(socket, level, name, value, len);
}

void
socket_inherit(struct socket *socket, const struct socket *listening)
{
    socket->receive_timeout = listening->receive_timeout;
    socket->send_timeout = listening->send_timeout;
    socket->receive_least = listening->receive_least;
    socket->defer_accept = listening->defer_accept;
    if (reuse_is_set(listening))
        reuse_set(socket, true);
    if (listening->nodelay && socket->pcb.tcp)
        tcp_nagle_disable(socket->pcb.tcp);
}

/* ---- get ---- */

/* Options that are answered here; false for all others. */
static bool
get_own(struct socket *socket, int level, int name, int *out)
{
    if (level != LINUX_SOL_SOCKET)
        return false;
    switch (name) {
    case LINUX_SO_ERROR:
        *out = socket_error(socket);
        return true;
    case LINUX_SO_TYPE:
        *out = socket->type;
        return true;
    case LINUX_SO_PROTOCOL:
        *out = socket->protocol;
        return true;
    case LINUX_SO_DOMAIN:
        *out = socket->domain;
        return true;
    case LINUX_SO_ACCEPTCONN:
        *out = socket->state == SOCKET_LISTENING;
        return true;
    case LINUX_SO_RCVLOWAT:
        *out = MAX(socket->receive_least, 1);
        return true;
    case LINUX_SO_SNDBUF:
        *out = (int)net_tcp_window;
        return true;
    default:
        return false;
    }
}

static int
get_nodelay(const struct socket *socket, void *value, uint32_t *len)
{
    const struct tcp_pcb *pcb = socket->pcb.tcp;
    int word;

    if (!pcb)
        return -EINVAL;
    word = socket->state == SOCKET_LISTENING ? socket->nodelay : tcp_nagle_disabled(pcb) != 0;
    return socket_give(value, len, &word, sizeof(word));
}

int
socket_get_option(struct file *file, int level, int name, void *value, uint32_t *len)
{
    struct socket *socket = socket_of(file);
    const struct option *option = find(level, name);
    size_t half;
    uint64_t *timeout = timeout_of(socket, level, name, &half);
    int word, error;

    if (timeout)
        return socket_get_timeout(*timeout, value, len, half);
    if (get_own(socket, level, name, &word))
        return socket_give(value, len, &word, sizeof(word));
    if (level == LINUX_IPPROTO_TCP && socket->type != LINUX_SOCK_STREAM)
        return socket->domain == LINUX_AF_INET ? -EOPNOTSUPP : -ENOPROTOOPT; /* as Linux */
    if (level == LINUX_IPPROTO_TCP && name == LINUX_TCP_NODELAY)
        return get_nodelay(socket, value, len);
    if (level == LINUX_SOL_SOCKET && name == LINUX_SO_LINGER)
        return get_linger(socket, value, len);
    if (!option)
        return level == LINUX_IPPROTO_TCP
                   ? socket_get_tcp_option(socket, name, value, len)
                   : socket_get_place_option(socket, level, name, value, len);
    error = applies(socket, option);
    if (error)
        return error;
    word = get_by_table(socket, option);
    return socket_give(value, len, &word, sizeof(word));
}

/* ---- requests ---- */

/* Bytes that the next read may return: of a stream all, else those of one datagram. */
static int
readable(const struct socket *socket)
{
    const struct list *datagrams = &socket->datagrams.list;

    if (socket->type == LINUX_SOCK_STREAM)
        return socket->state == SOCKET_LISTENING ? 0 : (int)socket->received.bytes;
    return list_empty(datagrams)
               ? 0
               : container_of(datagrams->next, struct socket_datagram, link)->packet->tot_len;
}

int
socket_ioctl(struct file *file, unsigned long request, void *argument)
{
    if (request != LINUX_FIONREAD)
        return link_ioctl(request, argument);
    if (!argument)
        return -EFAULT;
    *(int *)argument = readable(socket_of(file));
    return 0;
}

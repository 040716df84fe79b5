/*
 * Socket options. Most are a number there and another number here, for a value of 32 bits: a
 * table. The rest (time-outs, errors, what the socket is) is ours, as socket.c does the
 * waiting.
 */
#include "lib/net/links.h"
#include "lib/net/reuse.h"
#include "lib/net/socket.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "kernel/string.h"
#include "lwip/ip6.h"

enum value { WORD, BYTE, LINGER_PAIR, ADDRESS, GROUP };

static const struct option {
    int level, name;           /* Linux's */
    int lwip_level, lwip_name; /* lwIP's */
    enum value value;
} options[] = {
    {LINUX_SOL_SOCKET, LINUX_SO_REUSEADDR, SOL_SOCKET, SO_REUSEADDR, WORD},
    {LINUX_SOL_SOCKET, LINUX_SO_BROADCAST, SOL_SOCKET, SO_BROADCAST, WORD},
    {LINUX_SOL_SOCKET, LINUX_SO_RCVBUF, SOL_SOCKET, SO_RCVBUF, WORD},
    {LINUX_SOL_SOCKET, LINUX_SO_KEEPALIVE, SOL_SOCKET, SO_KEEPALIVE, WORD},
    {LINUX_SOL_SOCKET, LINUX_SO_LINGER, SOL_SOCKET, SO_LINGER, LINGER_PAIR},
    {LINUX_IPPROTO_IP, LINUX_IP_TOS, IPPROTO_IP, IP_TOS, WORD},
    {LINUX_IPPROTO_IP, LINUX_IP_TTL, IPPROTO_IP, IP_TTL, WORD},
    {LINUX_IPPROTO_IP, LINUX_IP_MULTICAST_IF, IPPROTO_IP, IP_MULTICAST_IF, ADDRESS},
    {LINUX_IPPROTO_IP, LINUX_IP_MULTICAST_TTL, IPPROTO_IP, IP_MULTICAST_TTL, BYTE},
    {LINUX_IPPROTO_IP, LINUX_IP_MULTICAST_LOOP, IPPROTO_IP, IP_MULTICAST_LOOP, BYTE},
    {LINUX_IPPROTO_TCP, LINUX_TCP_NODELAY, IPPROTO_TCP, TCP_NODELAY, WORD},
    {LINUX_IPPROTO_TCP, LINUX_TCP_KEEPIDLE, IPPROTO_TCP, TCP_KEEPIDLE, WORD},
    {LINUX_IPPROTO_TCP, LINUX_TCP_KEEPINTVL, IPPROTO_TCP, TCP_KEEPINTVL, WORD},
    {LINUX_IPPROTO_TCP, LINUX_TCP_KEEPCNT, IPPROTO_TCP, TCP_KEEPCNT, WORD},
    {LINUX_IPPROTO_IPV6, LINUX_IPV6_V6ONLY, IPPROTO_IPV6, IPV6_V6ONLY, WORD},
    {LINUX_IPPROTO_IPV6, LINUX_IPV6_UNICAST_HOPS, IPPROTO_IP, IP_TTL, WORD},
    {LINUX_IPPROTO_IPV6, LINUX_IPV6_CHECKSUM, IPPROTO_RAW, IPV6_CHECKSUM, WORD},
    {LINUX_IPPROTO_IPV6, LINUX_IPV6_JOIN_GROUP, IPPROTO_IPV6, IPV6_JOIN_GROUP, GROUP},
    {LINUX_IPPROTO_IPV6, LINUX_IPV6_LEAVE_GROUP, IPPROTO_IPV6, IPV6_LEAVE_GROUP, GROUP},
};

static const struct option *
find(int level, int name)
{
    for (unsigned i = 0; i < ARRAY_SIZE(options); i++)
        if (options[i].level == level && options[i].name == name)
            return &options[i];
    return NULL;
}

static size_t
value_size(const struct option *option)
{
    switch (option->value) {
    case LINGER_PAIR:
        return sizeof(struct linger);
    case ADDRESS:
        return sizeof(struct in_addr);
    case GROUP:
        return sizeof(struct ipv6_mreq);
    default:
        return sizeof(int);
    }
}

static uint64_t *
timeout_of(struct socket *socket, int level, int name, size_t *half)
{
    return level == LINUX_SOL_SOCKET
               ? socket_timeout_of(name, &socket->receive_timeout, &socket->send_timeout, half)
               : NULL;
}

/* ---- set ---- */

static int
set_receive_least(struct socket *socket, const void *value, uint32_t len)
{
    int least;

    if (len < sizeof(least))
        return -EINVAL;
    memcpy(&least, value, sizeof(least));
    socket->receive_least = least < 0 ? INT32_MAX : least;
    wake_all(&socket->changed); /* what is there may be enough now */
    return 0;
}

int
socket_set_option(struct socket *socket, int level, int name, const void *value, uint32_t len)
{
    const struct option *option = find(level, name);
    size_t half;
    uint64_t *timeout = timeout_of(socket, level, name, &half);
    u8_t byte;

    if (timeout)
        return socket_set_timeout(timeout, value, len, half);
    if (level == LINUX_SOL_SOCKET && name == LINUX_SO_SNDBUF)
        return len < sizeof(int) ? -EINVAL : 0; /* the size follows the machine's memory */
    if (level == LINUX_SOL_SOCKET && name == LINUX_SO_RCVLOWAT)
        return set_receive_least(socket, value, len);
    if (!option)
        return level == LINUX_IPPROTO_TCP
                   ? socket_set_tcp_option(socket, name, value, len)
                   : socket_set_place_option(socket, level, name, value, len);
    if (option->value == BYTE && len >= 1) {
        byte = *(const u8_t *)value; /* of a word, the low one */
        value = &byte;
        len = 1;
    } else if (len < value_size(option)) {
        return -EINVAL;
    }
    if (socket->state == SOCKET_LISTENING && option->lwip_name == TCP_NODELAY &&
        level == LINUX_IPPROTO_TCP) {
        socket->nodelay = *(const int *)value != 0;
        return 0;
    }
    if (lwip_setsockopt(socket->number, option->lwip_level, option->lwip_name, value, len) < 0)
        return socket_failure();
    if (level == LINUX_IPPROTO_TCP && name == LINUX_TCP_NODELAY) {
        socket->nodelay = *(const int *)value != 0;
        if (socket->nodelay)
            socket_flush(socket); /* also what a cork holds (tcp(7)) */
    }
    return 0;
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
    if (listening->nodelay)
        (void)lwip_setsockopt(socket->number, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
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

int
socket_get_option(struct socket *socket, int level, int name, void *value, uint32_t *len)
{
    const struct option *option = find(level, name);
    size_t half;
    uint64_t *timeout = timeout_of(socket, level, name, &half);
    int64_t room[2] = {0, 0};
    socklen_t lwip_len;
    int word;

    if (timeout)
        return socket_get_timeout(*timeout, value, len, half);
    if (get_own(socket, level, name, &word))
        return socket_give(value, len, &word, sizeof(word));
    if (level == LINUX_IPPROTO_TCP && socket->type != LINUX_SOCK_STREAM)
        return socket->domain == LINUX_AF_INET ? -EOPNOTSUPP : -ENOPROTOOPT; /* as Linux */
    if (!option && level == LINUX_IPPROTO_TCP)
        return socket_get_tcp_option(socket, name, value, len);
    if (!option || option->value == GROUP)
        return socket_get_place_option(socket, level, name, value, len);
    if (socket->state == SOCKET_LISTENING && level == LINUX_IPPROTO_TCP &&
        name == LINUX_TCP_NODELAY) {
        word = socket->nodelay;
        return socket_give(value, len, &word, sizeof(word));
    }
    lwip_len = option->value == BYTE ? 1 : value_size(option);
    if (lwip_getsockopt(socket->number, option->lwip_level, option->lwip_name, room,
                        &lwip_len) < 0)
        return socket_failure();
    /* lwIP answers flags with the bit that it keeps. */
    if (level == LINUX_SOL_SOCKET && option->value == WORD && name != LINUX_SO_RCVBUF)
        room[0] = room[0] != 0;
    return socket_give(value, len, room, value_size(option));
}

/* ---- requests ---- */

int
socket_ioctl(struct file *file, unsigned long request, void *argument)
{
    struct socket *socket = file->private;

    if (request != LINUX_FIONREAD)
        return link_ioctl(request, argument);
    if (!argument)
        return -EFAULT;
    return lwip_ioctl(socket->number, FIONREAD, argument) < 0 ? socket_failure() : 0;
}

/*
 * The options of TCP that lwIP has not: those of connection.h, and two that a program may set
 * and that nothing here depends on.
 */
#include "lib/net/connection.h"
#include "lib/net/core.h"
#include "lib/net/socket.h"
#include "kernel/kernel.h"
#include "kernel/string.h"
#include "lwip/tcp.h"

/* TCP_DEFER_ACCEPT is kept as the number of retransmissions of a SYN|ACK that take as long: the
 * first after a second, each after twice the time of the one before, up to two minutes. */
#define DEFER_FIRST 1
#define DEFER_MAX   120

static uint8_t
seconds_to_repeats(int seconds)
{
    int period = DEFER_FIRST, timeout = DEFER_FIRST;
    uint8_t repeats = 1;

    if (seconds <= 0)
        return 0;
    for (; seconds > period && repeats < UINT8_MAX; repeats++) {
        timeout = MIN(timeout * 2, DEFER_MAX);
        period += timeout;
    }
    return repeats;
}

static int
repeats_to_seconds(uint8_t repeats)
{
    int period = repeats ? DEFER_FIRST : 0, timeout = DEFER_FIRST;

    for (; repeats > 1; repeats--) {
        timeout = MIN(timeout * 2, DEFER_MAX);
        period += timeout;
    }
    return period;
}

/* An acknowledgement that waits goes out now. */
static void
acknowledge(struct tcp_pcb *pcb)
{
    if (pcb->state == LISTEN || !(pcb->flags & TF_ACK_DELAY))
        return;
    tcp_set_flags(pcb, TF_ACK_NOW);
    (void)tcp_output(pcb);
}

/* What concerns a connection that may have ended; then nothing is left to be done. */
static void
set_of_connection(struct tcp_pcb *pcb, int name, int value)
{
    switch (name) {
    case LINUX_TCP_CORK:
        connection_hold(pcb, CONNECTION_CORK, value != 0);
        break;
    case LINUX_TCP_USER_TIMEOUT:
        connection_set_user_timeout(pcb, (unsigned)value);
        break;
    case LINUX_TCP_QUICKACK:
        if (value)
            acknowledge(pcb);
        break;
    default:
        break;
    }
}

int
socket_set_tcp_option(struct socket *socket, int name, const void *from, uint32_t len)
{
    struct tcp_pcb *pcb;
    int value;

    if (socket->type != LINUX_SOCK_STREAM)
        return -ENOPROTOOPT;
    if (len < sizeof(value))
        return -EINVAL;
    memcpy(&value, from, sizeof(value));
    switch (name) {
    case LINUX_TCP_CORK:
        break;
    case LINUX_TCP_QUICKACK:
        socket->no_quickack = !(value & 1);
        break;
    case LINUX_TCP_DEFER_ACCEPT:
        socket->defer_accept = seconds_to_repeats(value);
        return 0;
    case LINUX_TCP_USER_TIMEOUT:
        if (value < 0)
            return -EINVAL;
        break;
    default:
        return -ENOPROTOOPT;
    }
    net_core_enter();
    pcb = socket->pcb.tcp;
    if (pcb)
        set_of_connection(pcb, name, value);
    net_core_leave();
    return 0;
}

int
socket_get_tcp_option(struct socket *socket, int name, void *to, uint32_t *len)
{
    const struct tcp_pcb *pcb;
    uint8_t info[CONNECTION_INFO_SIZE];
    int value;

    pcb = socket->pcb.tcp;
    switch (name) {
    case LINUX_TCP_CORK:
        value = pcb && connection_is_held(pcb, CONNECTION_CORK);
        break;
    case LINUX_TCP_USER_TIMEOUT:
        value = pcb ? (int)connection_user_timeout(pcb) : 0;
        break;
    case LINUX_TCP_QUICKACK:
        value = !socket->no_quickack;
        break;
    case LINUX_TCP_DEFER_ACCEPT:
        value = repeats_to_seconds(socket->defer_accept);
        break;
    case LINUX_TCP_INFO:
        connection_info(pcb, info);
        return socket_give(to, len, info, sizeof(info));
    default:
        return -ENOPROTOOPT;
    }
    return socket_give(to, len, &value, sizeof(value));
}

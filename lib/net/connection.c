/*
 * Corks and user time-outs. Both hang on the connection itself, in the slots that lwIP has for
 * its users' values, so that they outlive the socket.
 */
#include "lib/net/connection.h"
#include "lib/net/hooks.h"
#include "kernel/kernel.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/sys.h"
#include "lwip/timeouts.h"

#define CORK_LIMIT     200 /* as on Linux (tcp(7)) */
#define CORK_TICK      50
#define PATIENCE_TICK  250
#define NEVER          0
#define NOW_OR_NEVER() (sys_now() | 1) /* a time that is not NEVER */

/* One word each, in pcb->ext_args. */
enum slot { HOLD, HELD_SINCE, USER_TIMEOUT, WAITING_SINCE, WAITING_AT };
_Static_assert(WAITING_AT + 1 == CONNECTION_SOCKET &&
                   CONNECTION_SOCKET + 1 == LWIP_TCP_PCB_NUM_EXT_ARGS,
               "lwipopts.h has the number");

static void cork_tick(void *unused);
static void patience_tick(void *unused);
static bool cork_ticks, patience_ticks;

static uint32_t
get(const struct tcp_pcb *pcb, enum slot slot)
{
    return (uint32_t)(uintptr_t)pcb->ext_args[slot].data;
}

/* lwIP calls this for a new connection of a listener. */
static err_t
inherit(u8_t slot, struct tcp_pcb_listen *from, struct tcp_pcb *to)
{
    to->ext_args[slot] = from->ext_args[slot];
    return ERR_OK;
}

static void
set(struct tcp_pcb *pcb, enum slot slot, uint32_t value)
{
    static const struct tcp_ext_arg_callbacks inherited = {.passive_open = inherit};

    pcb->ext_args[slot].data = (void *)(uintptr_t)value;
    if (slot == USER_TIMEOUT || slot == HOLD)
        pcb->ext_args[slot].callbacks = &inherited;
}

static bool
has_passed(uint32_t since, uint32_t time)
{
    return sys_now() - since >= time;
}

/* ---- corks ---- */

/* The next segment is one that a cork holds: less than a full one, the last, and new. What is
 * sent once more has waited already. */
static bool
is_partial(const struct tcp_pcb *pcb)
{
    const struct tcp_seg *next = pcb->unsent;

    if (pcb->state != ESTABLISHED && pcb->state != CLOSE_WAIT)
        return false;
    if (!next || next->next || TCP_SEQ_LT(lwip_ntohl(next->tcphdr->seqno), pcb->snd_nxt))
        return false;
    return next->len < MIN(pcb->mss, pcb->snd_wnd_max / 2) && tcp_sndbuf(pcb);
}

/* Whether the next segment waits; the first time, the clock starts for it. */
static bool
is_held_back(struct tcp_pcb *pcb)
{
    if (!get(pcb, HOLD) || !is_partial(pcb)) {
        set(pcb, HELD_SINCE, NEVER);
        return false;
    }
    if (get(pcb, HELD_SINCE) == NEVER) {
        set(pcb, HELD_SINCE, NOW_OR_NEVER());
        if (!cork_ticks)
            sys_timeout(CORK_TICK, cork_tick, NULL);
        cork_ticks = true;
    }
    if (!has_passed(get(pcb, HELD_SINCE), CORK_LIMIT))
        return true;
    set(pcb, HELD_SINCE, NEVER);
    return false;
}

/* Offer the segments that wait to lwIP again, which asks net_tcp_may_send() for each. */
static void
cork_tick(void *unused)
{
    (void)unused;
    cork_ticks = false;
    for (struct tcp_pcb *pcb = tcp_active_pcbs; pcb; pcb = pcb->next) {
        if (get(pcb, HELD_SINCE) == NEVER)
            continue;
        (void)tcp_output(pcb); /* what cannot be sent stays, and is tried by lwIP's timers */
        if (get(pcb, HELD_SINCE) == NEVER || cork_ticks)
            continue;
        cork_ticks = true;
        sys_timeout(CORK_TICK, cork_tick, NULL);
    }
}

void
connection_flush(struct tcp_pcb *pcb)
{
    uint32_t hold = get(pcb, HOLD);

    if (pcb->state != ESTABLISHED && pcb->state != CLOSE_WAIT)
        return;
    set(pcb, HOLD, 0);
    (void)tcp_output(pcb);
    set(pcb, HOLD, hold);
}

void
connection_hold(struct tcp_pcb *pcb, enum connection_hold why, bool on)
{
    uint32_t hold = get(pcb, HOLD), next = on ? hold | why : hold & ~why;

    if (hold == next)
        return;
    set(pcb, HOLD, next);
    if (!next)
        connection_flush(pcb);
}

bool
connection_is_held(const struct tcp_pcb *pcb, enum connection_hold why)
{
    return get(pcb, HOLD) & why;
}

/* ---- user time-outs ---- */

static bool
has_lost_patience(struct tcp_pcb *pcb)
{
    uint32_t timeout = get(pcb, USER_TIMEOUT);

    /* An idle connection is given up by its keep-alive probes (RFC 1122, 4.2.3.6). */
    if (ip_get_option(pcb, SOF_KEEPALIVE) && pcb->keep_cnt_sent &&
        (uint64_t)(tcp_ticks - pcb->tmr) * TCP_SLOW_INTERVAL >= timeout)
        return true;
    if (!pcb->unacked && !pcb->unsent) {
        set(pcb, WAITING_SINCE, NEVER);
        return false;
    }
    if (get(pcb, WAITING_SINCE) == NEVER || get(pcb, WAITING_AT) != pcb->lastack) {
        set(pcb, WAITING_SINCE, NOW_OR_NEVER());
        set(pcb, WAITING_AT, pcb->lastack);
        return false;
    }
    return has_passed(get(pcb, WAITING_SINCE), timeout);
}

static void
start_patience(void)
{
    if (!patience_ticks)
        sys_timeout(PATIENCE_TICK, patience_tick, NULL);
    patience_ticks = true;
}

static void
patience_tick(void *unused)
{
    struct tcp_pcb *next;

    (void)unused;
    patience_ticks = false;
    for (struct tcp_pcb *pcb = tcp_active_pcbs; pcb; pcb = next) {
        next = pcb->next;
        if (!get(pcb, USER_TIMEOUT))
            continue;
        start_patience();
        if (has_lost_patience(pcb))
            tcp_abandon(pcb, 0); /* its socket gets ETIMEDOUT (stream.c) */
    }
}

void
connection_set_user_timeout(struct tcp_pcb *pcb, unsigned timeout)
{
    set(pcb, USER_TIMEOUT, timeout);
    set(pcb, WAITING_SINCE, NEVER);
    if (timeout)
        start_patience();
}

unsigned
connection_user_timeout(const struct tcp_pcb *pcb)
{
    return get(pcb, USER_TIMEOUT);
}

/* ---- lwIP's question ---- */

int
net_tcp_may_send(struct tcp_pcb *pcb)
{
    if (get(pcb, USER_TIMEOUT))
        start_patience(); /* the first segment of a connection, maybe */
    return !is_held_back(pcb) && tcp_do_output_nagle(pcb);
}

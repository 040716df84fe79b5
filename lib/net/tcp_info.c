/*
 * TCP_INFO: what lwIP knows of a connection in Linux's layout. What it does not know is 0. Its
 * clock for round trips ticks every half second, so a round trip that is shorter shows as 0.
 */
#include "lib/net/connection.h"
#include "lib/socket/linux.h"
#include "kernel/kernel.h"
#include "kernel/string.h"
#include "lwip/priv/tcp_priv.h"

/* struct tcp_info of include/uapi/linux/tcp.h. Times in microseconds, or (the last_*) in
 * milliseconds. */
struct info {
    uint8_t state, ca_state, retransmits, probes, backoff, options, scales, fastopen;
    uint32_t rto, ato, snd_mss, rcv_mss;
    uint32_t unacked, sacked, lost, retrans, fackets;
    uint32_t last_data_sent, last_ack_sent, last_data_recv, last_ack_recv;
    uint32_t pmtu, rcv_ssthresh, rtt, rttvar, snd_ssthresh, snd_cwnd, advmss, reordering;
    uint32_t rcv_rtt, rcv_space, total_retrans;
    uint32_t pacing[4], bytes[4]; /* 64 bits each: rate and its limit, acknowledged, received */
    uint32_t segs_out, segs_in, notsent_bytes, min_rtt, data_segs_in, data_segs_out;
    uint32_t delivery[8]; /* 64 bits each: rate, times busy and limited */
    uint32_t delivered, delivered_ce, sent[4], dsack_dups, reord_seen, rcv_ooopack, snd_wnd;
};
_Static_assert(sizeof(struct info) == CONNECTION_INFO_SIZE, "Linux's tcp_info, up to snd_wnd");
_Static_assert(offsetof(struct info, snd_cwnd) == 80 &&
                   offsetof(struct info, notsent_bytes) == 144,
               "Linux's offsets");

enum { TCPI_OPT_SACK = 2, TCPI_OPT_WSCALE = 4 };
enum { TCP_CLOSE = 7 };
enum { TCP_CA_OPEN = 0, TCP_CA_RECOVERY = 3, TCP_CA_LOSS = 4 };

/* Linux's numbers (include/net/tcp_states.h) by lwIP's. */
static const uint8_t states[] = {
    [CLOSED] = TCP_CLOSE, [LISTEN] = 10,    [SYN_SENT] = 2,   [SYN_RCVD] = 3,
    [ESTABLISHED] = 1,    [FIN_WAIT_1] = 4, [FIN_WAIT_2] = 5, [CLOSE_WAIT] = 8,
    [CLOSING] = 11,       [LAST_ACK] = 9,   [TIME_WAIT] = 6,
};

static void
count(const struct tcp_seg *segment, uint32_t *segments, uint32_t *bytes)
{
    for (; segment; segment = segment->next) {
        ++*segments;
        *bytes += segment->len;
    }
}

static void
fill(const struct tcp_pcb *pcb, struct info *info)
{
    uint32_t mss = MAX(pcb->mss, 1), tick = TCP_SLOW_INTERVAL * 1000, ignored = 0;

    info->retransmits = pcb->nrtx;
    info->backoff = pcb->nrtx;
    info->probes = (uint8_t)(pcb->persist_probe + pcb->keep_cnt_sent);
    info->ca_state = pcb->flags & TF_RTO    ? TCP_CA_LOSS
                     : pcb->flags & TF_INFR ? TCP_CA_RECOVERY
                                            : TCP_CA_OPEN;
    if (pcb->flags & TF_SACK)
        info->options |= TCPI_OPT_SACK;
    if (pcb->flags & TF_WND_SCALE) {
        info->options |= TCPI_OPT_WSCALE;
        info->scales = (uint8_t)(pcb->snd_scale | pcb->rcv_scale << 4);
    }
    info->rto = (uint32_t)MAX(pcb->rto, 0) * tick;
    info->rtt = (uint32_t)MAX(pcb->sa, 0) * (tick / 8);    /* kept in eighths, */
    info->rttvar = (uint32_t)MAX(pcb->sv, 0) * (tick / 4); /* and in quarters */
    info->ato = TCP_TMR_INTERVAL * 1000;
    info->snd_mss = info->rcv_mss = mss;
    info->advmss = TCP_MSS;
    info->pmtu = mss + (IP_IS_V6_VAL(pcb->remote_ip) ? 60 : 40);
    info->snd_cwnd = MAX(pcb->cwnd / mss, 1);
    info->snd_ssthresh = pcb->ssthresh / mss;
    info->snd_wnd = pcb->snd_wnd;
    info->rcv_ssthresh = pcb->rcv_wnd;
    info->rcv_space = TCP_WND_MAX(pcb);
    info->last_ack_recv = (tcp_ticks - pcb->tmr) * TCP_SLOW_INTERVAL;
    count(pcb->unacked, &info->unacked, &ignored);
    ignored = 0;
    count(pcb->unsent, &ignored, &info->notsent_bytes);
}

void
connection_info(const struct tcp_pcb *pcb, uint8_t to[CONNECTION_INFO_SIZE])
{
    struct info info = {.state = TCP_CLOSE};

    if (pcb)
        info.state = states[pcb->state];
    if (pcb && pcb->state == LISTEN) {
        const struct tcp_pcb_listen *listener = (const void *)pcb;

        info.unacked = listener->accepts_pending; /* which is what Linux tells there */
        info.sacked = listener->backlog;
    } else if (pcb) {
        fill(pcb, &info);
    }
    memcpy(to, &info, sizeof(info));
}

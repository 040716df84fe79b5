/*
 * The peer: a station with one TCP connection or one UDP port, just good enough for a guest that
 * loses nothing. It speaks when the guest has nothing left to do, and then says all that it can:
 * one request, or as many segments as may be under way.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kernel/platform.h"
#include "kernel/thread.h"
#include "path.h"

#define ETHERNET 14
#define IP       (ETHERNET + 20)
#define FIN      1
#define SYN      2
#define RST      4
#define PSH      8
#define ACK      16
#define MSS      1460
#define BURST    16 /* segments at a time, towards the guest */
#define PORT     40000

static enum { SILENT, CLOSED, OPENING, OPEN, OVER } state;
static enum work work;
static char request[512];
static unsigned rounds;
static uint32_t sent, acked; /* numbers of the peer's next byte, and of the guest's */
static uint64_t answered;    /* bytes of the answer so far */
static uint64_t whole;       /* bytes of the answer, once known */
static uint64_t round_began;
static unsigned window, owed; /* segments that were not acknowledged yet */
static uint16_t window_scale;
static struct result result;
static bool arp_due, said;
static uint8_t guest_arp[42];

static const uint8_t guest_mac[] = {2, 0, 0, 0, 0, 1}, peer_mac[] = {2, 0, 0, 0, 0, 2};
static const uint8_t guest_ip[] = {10, 0, 0, 1}, peer_ip[] = {10, 0, 0, 2};

static uint16_t
get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t
get32(const uint8_t *p)
{
    return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void
put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void
put32(uint8_t *p, uint32_t v)
{
    put16(p, v >> 16);
    put16(p + 2, v);
}

/* ---- frames to the guest ---- */

static uint32_t
sum(uint32_t start, const uint8_t *p, size_t len)
{
    for (; len > 1; p += 2, len -= 2)
        start += get16(p);
    return len ? start + (uint32_t)(*p << 8) : start;
}

static uint16_t
folded(uint32_t s)
{
    while (s >> 16)
        s = (s & 0xffff) + (s >> 16);
    return (uint16_t)~s;
}

/* Headers of Ethernet and IPv4 around `len` bytes that stand behind them, of which the checksum
 * lies at `csum`. */
static bool
deliver(uint8_t *frame, uint8_t protocol, size_t len, size_t csum)
{
    static uint16_t id;
    uint8_t *ip = frame + ETHERNET;

    memcpy(frame, guest_mac, 6);
    memcpy(frame + 6, peer_mac, 6);
    put16(frame + 12, 0x0800);
    memset(ip, 0, 20);
    ip[0] = 0x45;
    put16(ip + 2, 20 + len);
    put16(ip + 4, ++id);
    ip[6] = 0x40;
    ip[8] = 64;
    ip[9] = protocol;
    memcpy(ip + 12, peer_ip, 4);
    memcpy(ip + 16, guest_ip, 4);
    put16(ip + 10, folded(sum(0, ip, 20)));
    put16(frame + IP + csum, 0);
    put16(frame + IP + csum, folded(sum(protocol + len, ip + 12, 8 + len)));
    return card_deliver(frame, IP + len);
}

static bool
segment(uint8_t flags, const void *data, size_t len)
{
    uint8_t frame[FRAME_MAX] = {0}, *tcp = frame + IP;
    size_t header = flags & SYN ? 28 : 20;

    put16(tcp, PORT);
    put16(tcp + 2, 80);
    put32(tcp + 4, sent);
    put32(tcp + 8, acked);
    tcp[12] = (uint8_t)(header / 4 << 4);
    tcp[13] = flags;
    put16(tcp + 14, 0xffff);
    if (flags & SYN) {
        static const uint8_t options[] = {2, 4, MSS >> 8, MSS & 255, 3, 3, 4, 0};
        memcpy(tcp + 20, options, sizeof(options));
    }
    if (len)
        memcpy(tcp + header, data, len);
    if (!deliver(frame, IPPROTO_TCP, header + len, 16))
        return false;
    owed = 0;
    sent += len + !!(flags & SYN);
    return true;
}

static bool
datagram(void)
{
    uint8_t frame[FRAME_MAX] = {0}, *udp = frame + IP;

    put16(udp, PORT);
    put16(udp + 2, 7);
    put16(udp + 4, 8 + 64);
    return deliver(frame, IPPROTO_UDP, 8 + 64, 6);
}

static bool
answer_arp(void)
{
    uint8_t frame[60] = {0};

    arp_due = false;
    memcpy(frame, guest_mac, 6);
    memcpy(frame + 6, peer_mac, 6);
    memcpy(frame + 12, guest_arp + 12, 8); /* type, and formats */
    put16(frame + 20, 2);
    memcpy(frame + 22, peer_mac, 6);
    memcpy(frame + 28, peer_ip, 4);
    memcpy(frame + 32, guest_mac, 6);
    memcpy(frame + 38, guest_ip, 4);
    return card_deliver(frame, sizeof(frame));
}

/* ---- frames from the guest ---- */

static void
take_answer(const char *data, size_t len)
{
    static char head[2048];

    if (!len)
        return;
    owed++;
    result.segments += rounds >= ROUNDS && work == WORK_SEND;
    if (!whole && answered + len < sizeof(head)) {
        memcpy(head + answered, data, len);
        head[answered + len] = '\0';
        const char *end = strstr(head, "\r\n\r\n"), *field = strstr(head, "Content-Length: ");
        if (end && field)
            whole = (uint64_t)(end + 4 - head) + strtoul(field + 16, NULL, 10);
    }
    answered += len;
}

static void
take_tcp(const uint8_t *tcp, size_t len)
{
    size_t header = (size_t)(tcp[12] >> 4) * 4;
    uint8_t flags = tcp[13];

    if (flags & RST) {
        state = CLOSED;
        return;
    }
    if (state == OPENING && flags & SYN) {
        acked = get32(tcp + 4) + 1;
        for (size_t at = 20; at + 2 < header; at += tcp[at] < 2   ? 1
                                                    : tcp[at + 1] ? tcp[at + 1]
                                                                  : 1)
            if (tcp[at] == 3)
                window_scale = tcp[at + 2];
        state = OPEN;
        said = false;
        return;
    }
    if (state != OPEN)
        return;
    /* What may be under way, in segments. */
    window = (((uint32_t)get16(tcp + 14) << window_scale) - (sent - get32(tcp + 8))) / MSS;
    if (get32(tcp + 4) != acked)
        return;
    acked += len - header;
    take_answer((const char *)tcp + header, len - header);
}

void
peer_take(const uint8_t *frame, size_t len)
{
    const uint8_t *ip = frame + ETHERNET;

    if (len >= 42 && get16(frame + 12) == 0x0806 && get16(frame + 20) == 1 &&
        memcmp(frame + 38, peer_ip, 4) == 0) {
        memcpy(guest_arp, frame, sizeof(guest_arp));
        arp_due = true;
    }
    if (len < IP + 8 || get16(frame + 12) != 0x0800 || memcmp(ip + 16, peer_ip, 4) != 0)
        return;
    size_t inside = get16(ip + 2) - 20u;
    if (inside > len - IP)
        return;
    if (ip[9] == IPPROTO_TCP && inside >= 20)
        take_tcp(frame + IP, inside);
    if (ip[9] == IPPROTO_UDP && state != SILENT) {
        state = OPEN;
        answered = 8 + 64;
    }
}

/* ---- what is said ---- */

struct wait_queue finished = {LIST_INIT(finished.waiters)};

/* A round is over, and the next one begins. */
static void
count_round(void)
{
    uint64_t now = card_ticks();

    if (rounds == ROUNDS) {
        result.notifications = card_notifications;
        result.interrupts = card_interrupts;
    }
    if (rounds > ROUNDS)
        result.ticks[rounds - ROUNDS - 1] = now - round_began;
    if (rounds++ == 2 * ROUNDS) {
        result.notifications = card_notifications - result.notifications;
        result.interrupts = card_interrupts - result.interrupts;
        result.bytes = (unsigned)answered;
        state = OVER;
        wake_all(&finished);
    }
    answered = 0;
    round_began = card_ticks();
}

static bool
next_request(void)
{
    if (said && (!answered || (whole && answered < whole)))
        return owed ? segment(ACK, NULL, 0) : false;
    if (said)
        count_round();
    said = state == OPEN;
    return said ? segment(ACK | PSH, request, strlen(request)) : true;
}

static bool
next_datagram(void)
{
    if (!said) { /* the guest listens when it has nothing to do */
        said = true;
        return datagram();
    }
    if (answered)
        count_round();
    return state == OVER ? true : datagram();
}

static bool
next_segments(void)
{
    static const uint8_t data[MSS];
    unsigned n = 0;

    if (said)
        count_round();
    if (state == OVER)
        return true;
    said = true;
    while (n < BURST && n < window && segment(ACK, data, MSS))
        n++;
    window -= n;
    result.segments += rounds > ROUNDS ? n : 0;
    return n > 0;
}

static bool
acknowledge(void)
{
    if (said)
        count_round();
    said = true;
    return state == OVER || segment(ACK, NULL, 0);
}

bool
peer_turn(void)
{
    if (arp_due)
        return answer_arp();
    if (state == CLOSED && work == WORK_UDP)
        return datagram();
    if (state == CLOSED) {
        sent = 1000;
        if (!segment(SYN, NULL, 0))
            return false;
        state = OPENING;
        return true;
    }
    if (state != OPEN)
        return false;
    switch (work) {
    case WORK_HTTP:
        return next_request();
    case WORK_UDP:
        return next_datagram();
    case WORK_RECEIVE:
        return next_segments();
    case WORK_SEND:
        return acknowledge();
    }
    return false;
}

void
peer_start(enum work what, const char *path)
{
    work = what;
    snprintf(request, sizeof(request),
             "GET %s HTTP/1.1\r\nHost: 10.0.0.1\r\nUser-Agent: counting\r\nAccept: */*\r\n\r\n",
             path);
    state = CLOSED;
}

const struct result *
peer_result(void)
{
    while (state != OVER)
        wait_on(&finished, TIME_NEVER);
    return &result;
}

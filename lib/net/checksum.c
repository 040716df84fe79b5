/*
 * Partial checksums; checksum.h has what and why. Everything read of a frame is bounded by
 * the length given, since received frames are a stranger's.
 */
#include "lib/net/checksum.h"

#define ETHERTYPE_IP4 0x0800
#define ETHERTYPE_IP6 0x86dd
#define PROTO_TCP     6
#define PROTO_UDP     17

#define IP4_HEADER      20
#define IP6_HEADER      40
#define IP4_FRAGMENT    0x3fff /* more-fragments flag and offset */
#define TCP_CSUM_OFFSET 16
#define TCP_HEADER      20

static uint16_t
get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static void
put16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

uint32_t
net_sum(uint32_t sum, const void *data, size_t len)
{
    const uint8_t *p = data;

    for (; len > 1; len -= 2, p += 2)
        sum += get16(p);
    if (len)
        sum += (uint32_t)(p[0] << 8);
    return sum;
}

/*
 * Words of 32 bits with carry, eight at a time: one addition each. The sum of the bytes as they
 * lie in memory is the one that lwIP wants (RFC 1071, 2 (B)), wherever they begin.
 */
uint16_t
net_sum_words(const void *data, int len)
{
    const uint8_t *p = data;
    size_t blocks = (size_t)len / 32, words = (size_t)len % 32 / 4;
    uint32_t sum = 0, tail = 0;

    if (blocks)
        __asm__("clc\n"
                "1: adcl (%1), %0\n"
                "adcl 4(%1), %0\n"
                "adcl 8(%1), %0\n"
                "adcl 12(%1), %0\n"
                "adcl 16(%1), %0\n"
                "adcl 20(%1), %0\n"
                "adcl 24(%1), %0\n"
                "adcl 28(%1), %0\n"
                "lea 32(%1), %1\n"
                "dec %2\n" /* leaves the carry */
                "jnz 1b\n"
                "adcl $0, %0\n"
                : "+r"(sum), "+r"(p), "+r"(blocks)
                :
                : "cc", "memory");
    uint64_t all = sum;
    for (; words; words--, p += 4) {
        uint32_t word;
        __builtin_memcpy(&word, p, 4);
        all += word;
    }
    for (unsigned i = 0; i < ((unsigned)len & 3); i++)
        tail |= (uint32_t)p[i] << 8 * i;
    all += tail;
    all = (all & 0xffffffff) + (all >> 32);
    return net_sum_fold((uint32_t)(all >> 16) + (uint32_t)(all & 0xffff));
}

uint16_t
net_sum_fold(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

/* Where the transport header of a whole packet lies, and what it is. */
struct transport {
    uint8_t protocol;
    size_t start;    /* from the begin of the frame */
    uint32_t length; /* of header and data */
    const uint8_t *addresses;
    size_t addresses_length; /* both together */
};

static bool
find_transport4(const uint8_t *frame, size_t len, struct transport *t)
{
    const uint8_t *ip = frame + NET_ETHER_HEADER;
    size_t header;

    if (len < NET_ETHER_HEADER + IP4_HEADER || ip[0] >> 4 != 4)
        return false;
    header = (ip[0] & 15) * 4u;
    if (header < IP4_HEADER || get16(ip + 2) < header || get16(ip + 6) & IP4_FRAGMENT)
        return false;
    *t = (struct transport){ip[9], NET_ETHER_HEADER + header, get16(ip + 2) - (uint32_t)header,
                            ip + 12, 8};
    return true;
}

/* A packet with extension headers counts as unknown. */
static bool
find_transport6(const uint8_t *frame, size_t len, struct transport *t)
{
    const uint8_t *ip = frame + NET_ETHER_HEADER;

    if (len < NET_ETHER_HEADER + IP6_HEADER || ip[0] >> 4 != 6)
        return false;
    *t = (struct transport){ip[6], NET_ETHER_HEADER + IP6_HEADER, get16(ip + 4), ip + 8, 32};
    return true;
}

static bool
find_transport(const uint8_t *frame, size_t len, struct transport *t)
{
    if (len < NET_ETHER_HEADER)
        return false;
    switch (get16(frame + 12)) {
    case ETHERTYPE_IP4:
        return find_transport4(frame, len, t);
    case ETHERTYPE_IP6:
        return find_transport6(frame, len, t);
    default:
        return false;
    }
}

bool
net_checksum_partial(uint8_t *frame, size_t len, struct net_meta *meta)
{
    struct transport t;
    uint32_t sum;

    if (!find_transport(frame, len, &t) || t.protocol != PROTO_TCP || t.length < TCP_HEADER ||
        t.start + TCP_HEADER > len)
        return false;
    sum = net_sum(t.protocol + t.length, t.addresses, t.addresses_length);
    put16(frame + t.start + TCP_CSUM_OFFSET, net_sum_fold(sum));
    meta->csum_partial = true;
    meta->csum_start = (uint16_t)t.start;
    meta->csum_offset = TCP_CSUM_OFFSET;
    return true;
}

bool
net_checksum_covered(const uint8_t *frame, size_t len)
{
    struct transport t;

    return find_transport(frame, len, &t) &&
           (t.protocol == PROTO_TCP || t.protocol == PROTO_UDP);
}

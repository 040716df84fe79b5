/*
 * Numbers that a peer must not guess: port numbers, transaction ids, initial sequence
 * numbers. All are SipHash-2-4 (Aumasson and Bernstein, 2012) of a counter or of the
 * connection, under a key from the machine's entropy.
 */
#include "lib/net/core.h"
#include "lib/net/hooks.h"
#include "lib/net/syn.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "kernel/string.h"

DEVICE_CLASS_USED(entropy);

static uint64_t key[2];
static bool weak; /* the key is the clocks', until there is entropy */

static inline uint64_t
rotate(uint64_t v, unsigned by)
{
    return v << by | v >> (64 - by);
}

static void
sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

/* Of `n` whole words, which is all that is needed here. */
static uint64_t
siphash(const uint64_t *words, unsigned n)
{
    uint64_t v[4] = {key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
                     key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573};

    for (unsigned i = 0; i <= n; i++) {
        uint64_t word = i < n ? words[i] : (uint64_t)(n * 8) << 56;

        v[3] ^= word;
        sip_round(v);
        sip_round(v);
        v[0] ^= word;
    }
    v[2] ^= 0xff;
    for (unsigned i = 0; i < 4; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* Where the sources need time the key is exchanged as soon as they have given enough. */
static void
key_renew(void)
{
    if (weak && entropy_read(key, sizeof(key), 0) == 0)
        weak = false;
}

void
net_random_init(void)
{
    int error = entropy_read(key, sizeof(key), clock_now() + ENTROPY_PATIENCE);

    if (error == 0)
        return;
    weak = error == -EAGAIN;
    log_warn(
        weak ? "net: no entropy yet; until there is, port and sequence numbers can be guessed"
             : "net: no source of entropy; port and sequence numbers can be guessed");
    key[0] = clock_now();
    key[1] = platform->wall_base();
}

uint32_t
net_random(void)
{
    static uint64_t counter;

    key_renew();
    counter++;
    return (uint32_t)siphash(&counter, 1);
}

/* A clock of 4 us steps plus a secret of the connection (RFC 6528, 3). */
u32_t
net_tcp_isn(const ip_addr_t *local, u16_t local_port, const ip_addr_t *remote,
            u16_t remote_port)
{
    struct {
        uint8_t local[16], remote[16];
        uint32_t ports, zero;
    } c;
    uint64_t words[sizeof(c) / 8];

    memset(&c, 0, sizeof(c));
    memcpy(c.local, &local->u_addr, IP_IS_V6(local) ? 16 : 4);
    memcpy(c.remote, &remote->u_addr, IP_IS_V6(remote) ? 16 : 4);
    c.ports = (uint32_t)local_port << 16 | remote_port;
    memcpy(words, &c, sizeof(c));
    u32_t isn =
        (u32_t)siphash(words, ARRAY_SIZE(words)) + (u32_t)(clock_now() / (4 * NSEC_PER_USEC));
    return syn_isn(isn, local_port, remote, remote_port);
}

/*
 * A network card under lwIP: a device that this file plays, frames both ways through the glue
 * of lib/net, and lwIP itself above it, compiled for this machine. What is looked at is where
 * bytes lie (no copy), what comes back to the ring, and what a lying device can do.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "kernel/string.h"
#include "lib/net/checksum.h"
#include "lib/net/core.h"
#include "lib/net/rx.h"
#include "lwip/memp.h"
#include "lwip/sys.h"
#include "lwip/tcp.h"
#include "lwip/udp.h"
#include "shim.h"

/* memory.c's, which lwIP's tcp.c calls in an image (lwip.mk). */
void *net_tcp_malloc(memp_t type);
void net_tcp_free(memp_t type, void *p);

/* ---- the device ---- */

#define RING 64

/* One for each test; the earlier ones keep what they were given, as a silent device does. */
static struct fake {
    struct net_device device;
    struct {
        void *token;
        struct sg parts[NET_MAX_PARTS];
        unsigned n;
    } posted[RING];
    unsigned nr_posted, ring;
    int refuse; /* what rx_post answers, if not 0 */
    struct {
        struct pbuf *token;
        struct sg parts[NET_MAX_PARTS];
        unsigned n;
        struct net_meta meta;
    } sent[512];
    unsigned nr_sent, tx_room;
    unsigned kicks;
    void *lost[RING]; /* tokens that never come back */
} fakes[16];
static unsigned nr_fakes;
#define fake (fakes[nr_fakes - 1])

static struct net_card *card;

static int
rx_post(struct net_device *device, const struct sg *parts, unsigned n, void *token)
{
    (void)device;
    if (fake.refuse)
        return fake.refuse;
    if (fake.nr_posted == fake.ring)
        return -ENOSPC;
    fake.posted[fake.nr_posted].token = token;
    fake.posted[fake.nr_posted].n = n;
    memcpy(fake.posted[fake.nr_posted++].parts, parts, n * sizeof(*parts));
    return 0;
}

static int
tx(struct net_device *device, const struct sg *parts, unsigned n, const struct net_meta *meta,
   void *token)
{
    (void)device;
    if (!fake.tx_room)
        return -ENOSPC;
    fake.tx_room--;
    assert_true(fake.nr_sent < ARRAY_SIZE(fake.sent));
    fake.sent[fake.nr_sent].token = token;
    fake.sent[fake.nr_sent].n = n;
    fake.sent[fake.nr_sent].meta = *meta;
    memcpy(fake.sent[fake.nr_sent++].parts, parts, n * sizeof(*parts));
    return 0;
}

static void
kick(struct net_device *device)
{
    (void)device;
    fake.kicks++;
}

int
entropy_read(void *to, size_t size, uint64_t deadline)
{
    (void)deadline;
    memset(to, 0x5a, size);
    return 0;
}

const char *
cmdline_word(const char *interface, const char *key)
{
    (void)interface;
    (void)key;
    return NULL;
}

/* Nobody has sockets here, */
int
net_refused_init(void)
{
    return 0;
}

/* waits for addresses, */
void
net_config_notify(void)
{
}

/* or resolves names. */
void
dns_init(void)
{
}

void
dns_tmr(void)
{
}

void
dns_setserver(u8_t n, const ip_addr_t *server)
{
    (void)n;
    (void)server;
}

const ip_addr_t *
dns_getserver(u8_t n)
{
    (void)n;
    return IP_ADDR_ANY;
}

/* The class's driver, which is this file. */
const char device_class_net[1], device_class_entropy[1];

/* A new card for each test; the old one stays open, silent. */
static void
open_card(uint32_t rx_min, uint32_t chain_max, bool checksums)
{
    static bool ready;
    ip4_addr_t address, mask, none = {0};

    if (!ready)
        net_core_init();
    ready = true;
    if (card) {
        net_core_enter();
        netif_remove(&card->netif);
        net_core_leave();
    }
    assert_true(nr_fakes < ARRAY_SIZE(fakes));
    nr_fakes++;
    fake.ring = RING;
    fake.tx_room = 512;
    fake.device = (struct net_device){.name = "eth0",
                                      .mac = {2, 0, 0, 0, 0, 1},
                                      .mtu = 1500,
                                      .link_up = true,
                                      .tx_csum = checksums,
                                      .rx_csum = checksums,
                                      .rx_headroom = 12,
                                      .rx_min = rx_min,
                                      .rx_chain_max = chain_max,
                                      .tx_chain_max = NET_MAX_PARTS,
                                      .rx_post = rx_post,
                                      .tx = tx,
                                      .kick = kick};
    IP4_ADDR(&address, 10, 0, 0, 1);
    IP4_ADDR(&mask, 255, 255, 255, 0);
    net_core_enter();
    assert_int_equal(net_card_open(&fake.device, &card), 0);
    netif_set_up(&card->netif);
    netif_set_addr(&card->netif, &address, &mask, &none);
    net_core_leave();
    for (unsigned i = 0; i < fake.nr_sent; i++) /* what coming up sends */
        fake.device.user.sent(card, fake.sent[i].token);
    fake.nr_sent = 0;
}

/* ---- frames in ---- */

static struct pbuf *kept[4096];
static unsigned nr_kept;

static void
keep(void *arg, struct udp_pcb *pcb, struct pbuf *p, const ip_addr_t *from, u16_t port)
{
    (void)arg;
    (void)pcb;
    (void)from;
    (void)port;
    assert_true(nr_kept < ARRAY_SIZE(kept));
    kept[nr_kept++] = p;
}

static void
drop_kept(void)
{
    while (nr_kept)
        pbuf_free(kept[--nr_kept]);
}

static struct udp_pcb *
listen_udp(void)
{
    struct udp_pcb *pcb;

    net_core_enter();
    pcb = udp_new();
    assert_int_equal(udp_bind(pcb, IP_ADDR_ANY, 9), ERR_OK);
    udp_recv(pcb, keep, NULL);
    net_core_leave();
    return pcb;
}

static void
put16(uint8_t *p, size_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

/* A UDP datagram of `data` bytes to the card, without a checksum of its own; frame's length. */
static size_t
make_udp(uint8_t *frame, size_t data)
{
    static const uint8_t head[34] = {2, 0, 0,    0, 0, 1, 2,  0, 0,    0, 0,  9,
                                     8, 0, 0x45, 0, 0, 0, 0,  0, 0x40, 0, 64, 17,
                                     0, 0, 10,   0, 0, 9, 10, 0, 0,    1};

    memcpy(frame, head, sizeof(head));
    put16(frame + 16, 28 + data);
    put16(frame + 24, (uint16_t)~net_sum_fold(net_sum(0, frame + 14, 20)));
    put16(frame + 34, 7);
    put16(frame + 36, 9);
    put16(frame + 38, 8 + data);
    put16(frame + 40, 0);
    for (size_t i = 0; i < data; i++)
        frame[42 + i] = (uint8_t)(i * 31 + 7);
    return 42 + data;
}

/* The device writes `len` bytes of the frame into the oldest posted chain, behind `skip`. */
static void *
fill(const uint8_t *frame, size_t len, size_t skip)
{
    void *token = fake.posted[0].token;

    assert_true(fake.nr_posted > 0);
    for (unsigned i = 0; i < fake.posted[0].n && len; i++) {
        struct sg *part = &fake.posted[0].parts[i];
        size_t n;

        if (skip >= part->len) {
            skip -= part->len;
            continue;
        }
        n = MIN(len, part->len - skip);
        memcpy((char *)part->base + skip, frame, n);
        frame += n;
        len -= n;
        skip = 0;
    }
    assert_int_equal(len, 0);
    fake.nr_posted--;
    memmove(&fake.posted[0], &fake.posted[1], fake.nr_posted * sizeof(fake.posted[0]));
    return token;
}

/* One whole frame, as one batch. */
static void
receive(const uint8_t *frame, size_t len, const struct net_meta *meta)
{
    static const struct net_meta plain;
    uint32_t lens[1] = {(uint32_t)len};
    void *token = fill(frame, len, 12);

    fake.device.user.received(card, &token, lens, 1, meta ? meta : &plain);
    fake.device.user.refill(card);
}

static bool
in_part(const void *p, const struct sg *part)
{
    return (const char *)p >= (char *)part->base &&
           (const char *)p < (char *)part->base + part->len;
}

static void
no_copy(void **state)
{
    uint8_t frame[1514];
    struct udp_pcb *pcb;
    struct sg part;
    unsigned kicks;

    (void)state;
    open_card(1526, 4, false);
    pcb = listen_udp();
    assert_int_equal(fake.nr_posted, RING);
    part = fake.posted[0].parts[0];
    kicks = fake.kicks;
    receive(frame, make_udp(frame, 1000), NULL);
    assert_int_equal(nr_kept, 1);
    assert_int_equal(kept[0]->tot_len, 1000);
    assert_true(in_part(kept[0]->payload, &part));
    assert_memory_equal(kept[0]->payload, frame + 42, 1000);
    assert_int_equal(fake.nr_posted, RING); /* another one took its place */
    assert_true(fake.kicks > kicks);
    for (unsigned i = 0; i < RING; i++) /* and not the one that is lent */
        assert_false(in_part(part.base, &fake.posted[i].parts[0]));
    drop_kept();
    receive(frame, make_udp(frame, 10), NULL);
    assert_true(in_part(part.base, &fake.posted[RING - 1].parts[0]) || fake.nr_posted == RING);
    drop_kept();
    net_core_enter();
    udp_remove(pcb);
    net_core_leave();
}

/* A frame in several buffers, of every odd size. */
static void
merged(void **state)
{
    static uint8_t frame[66000];
    struct udp_pcb *pcb;

    (void)state;
    open_card(1526, 1, false);
    pcb = listen_udp();
    for (size_t piece = 60; piece < 2036; piece += 61) {
        size_t len = make_udp(frame, 950), done = 0;
        void *tokens[NET_MERGE_MAX];
        uint32_t lens[NET_MERGE_MAX];
        struct net_meta meta = {0};
        unsigned n = 0;

        while (done < len) {
            lens[n] = (uint32_t)MIN(len - done, piece);
            tokens[n] = fill(frame + done, lens[n], n ? 0 : 12);
            done += lens[n++];
        }
        fake.device.user.received(card, tokens, lens, n, &meta);
        fake.device.user.refill(card);
        assert_int_equal(nr_kept, 1);
        assert_int_equal(kept[0]->tot_len, 950);
        for (unsigned i = 0; i < 950; i++)
            assert_int_equal(pbuf_get_at(kept[0], (u16_t)i), frame[42 + i]);
        drop_kept();
        fake.device.user.refill(card);
        assert_int_equal(fake.nr_posted, RING);
    }
    net_core_enter();
    udp_remove(pcb);
    net_core_leave();
}

/* Whatever lengths the device claims: dropped, counted, and every buffer comes back. */
static void
hostile_lengths(void **state)
{
    static const uint32_t first[] = {0,     1,     13,         14,         2037,      2048,
                                     65535, 65550, 0x7fffffff, 0xffffffff, 0xfffffff4};
    struct net_meta meta = {0};

    (void)state;
    open_card(1526, 1, false);
    for (unsigned n = 1; n <= NET_MERGE_MAX; n += 8) {
        for (unsigned i = 0; i < ARRAY_SIZE(first); i++) {
            void *tokens[NET_MERGE_MAX];
            uint32_t lens[NET_MERGE_MAX];
            uint64_t dropped = fake.device.counters.rx_dropped;

            for (unsigned t = 0; t < n; t++) {
                tokens[t] = fill(NULL, 0, 0);
                lens[t] = t ? 0 : first[i];
            }
            fake.device.user.received(card, tokens, lens, n, &meta);
            fake.device.user.refill(card);
            assert_int_equal(fake.device.counters.rx_dropped, dropped + 1);
            assert_int_equal(fake.nr_posted, RING);
            for (unsigned t = 0; t < n; t++) {
                tokens[t] = fill(NULL, 0, 0);
                lens[t] = t + 1 == n ? 0xffffffff - t : 2000;
            }
            fake.device.user.received(card, tokens, lens, n, &meta);
            fake.device.user.refill(card);
            assert_int_equal(fake.device.counters.rx_dropped, dropped + 2);
            assert_int_equal(fake.nr_posted, RING);
        }
    }
}

/* The longest IP packet fits although its frame does not fit 16 bits; one byte more does not.
 */
static void
longest(void **state)
{
    static uint8_t frame[70000];
    struct udp_pcb *pcb;
    size_t len;

    (void)state;
    open_card(65550 + 12 + 100, 20, false);
    pcb = listen_udp();
    len = make_udp(frame, 65507);
    assert_int_equal(len, 65549);
    receive(frame, len, NULL);
    assert_int_equal(nr_kept, 1);
    assert_int_equal(kept[0]->tot_len, 65507);
    assert_int_equal(pbuf_memcmp(kept[0], 0, frame + 42, 65507), 0);
    drop_kept();
    receive(frame, len + 1, NULL);
    assert_int_equal(nr_kept, 0);
    assert_int_equal(fake.device.counters.rx_dropped, 1);
    net_core_enter();
    udp_remove(pcb);
    net_core_leave();
}

/* A buffer is one descriptor, however long the frames are. */
static void
in_one_part(void **state)
{
    (void)state;
    open_card(65562, 3, false);
    assert_true(fake.nr_posted > 0);
    assert_int_equal(fake.posted[0].n, 1);
    assert_true(fake.posted[0].parts[0].len >= 65562);
}

/* A reader that keeps everything never empties the ring. */
static void
slow_reader(void **state)
{
    uint8_t frame[1514];
    struct udp_pcb *pcb;
    size_t len = make_udp(frame, 100);

    (void)state;
    open_card(1526, 1, false);
    pcb = listen_udp();
    for (unsigned i = 0; i < 3000; i++) {
        receive(frame, len, NULL);
        assert_int_equal(fake.nr_posted, RING);
    }
    assert_int_equal(nr_kept, 3000);
    for (unsigned i = 0; i < nr_kept; i++)
        assert_memory_equal(kept[i]->payload, frame + 42, 100);
    drop_kept();
    net_core_enter();
    udp_remove(pcb);
    net_core_leave();
}

/* Without memory for buffers the ring stays short, is filled later, and the device hears. */
static void
short_memory(void **state)
{
    unsigned kicks;

    (void)state;
    open_card(1526, 1, false);
    for (unsigned i = 0; i < 40; i++)
        fake.lost[i] = fill(NULL, 0, 0);
    shim_memory_fail_all(true);
    fake.device.user.refill(card);
    assert_true(fake.nr_posted <= RING - 40 + 1); /* the one that had no place before */
    shim_memory_fail_all(false);
    kicks = fake.kicks;
    for (int i = 0; i < 3; i++)
        thread_sleep(100 * NSEC_PER_MSEC);
    assert_int_equal(fake.nr_posted, RING);
    assert_true(fake.kicks > kicks);
}

static void
checksums(void **state)
{
    const struct net_meta valid = {.csum_valid = true}, half = {.csum_partial = true};
    uint8_t frame[200];
    struct udp_pcb *pcb;
    size_t len;

    (void)state;
    open_card(1526, 1, true);
    pcb = listen_udp();
    len = make_udp(frame, 50);
    put16(frame + 40, 0xbeef); /* wrong */
    receive(frame, len, NULL);
    assert_int_equal(nr_kept, 0);
    receive(frame, len, &valid);
    assert_int_equal(nr_kept, 1);
    receive(frame, len, &half);
    assert_int_equal(nr_kept, 2);
    receive(frame, len, NULL); /* the word is for one frame */
    assert_int_equal(nr_kept, 2);
    frame[24] ^= 1; /* the IP header's is never the device's */
    receive(frame, len, &valid);
    assert_int_equal(nr_kept, 2);
    drop_kept();
    net_core_enter();
    udp_remove(pcb);
    net_core_leave();
}

/* ---- frames out ---- */

static void
send_to_neighbour(struct udp_pcb *pcb, const void *data, u16_t len)
{
    struct pbuf *p;
    ip_addr_t to;

    net_core_enter();
    ip_addr_set_ip4_u32(&to, PP_HTONL(0x0a0000ff)); /* broadcast: no ARP before it */
    p = pbuf_alloc(PBUF_TRANSPORT, len, PBUF_RAM);
    memcpy(p->payload, data, len);
    udp_sendto_if(pcb, p, &to, 5, &card->netif);
    pbuf_free(p);
    net_core_leave();
}

static void
transmit(void **state)
{
    struct udp_pcb *pcb;
    unsigned kicks;

    (void)state;
    open_card(1526, 1, true);
    pcb = listen_udp();
    ip_set_option(pcb, SOF_BROADCAST);
    kicks = fake.kicks;
    send_to_neighbour(pcb, "data", 4);
    assert_int_equal(fake.nr_sent, 1);
    assert_int_equal(fake.kicks, kicks + 1);
    assert_int_equal(fake.sent[0].n, 1); /* headers and data in one part */
    assert_int_equal(fake.sent[0].parts[0].len, 46);
    assert_memory_equal((char *)fake.sent[0].parts[0].base + 42, "data", 4);
    assert_false(fake.sent[0].meta.csum_partial); /* UDP's is complete */
    /* The bytes are there until the device is done. */
    assert_false(shim_memory_bad(fake.sent[0].parts[0].base, 46));
    assert_int_equal(fake.sent[0].token->ref, 1);
    fake.device.user.sent(card, fake.sent[0].token);
    net_core_enter();
    udp_remove(pcb);
    net_core_leave();
}

/* A whole frame of lwIP's to the card; what it was told of it. */
static err_t
output(const uint8_t *bytes, size_t len)
{
    err_t error;

    net_core_enter();
    struct pbuf *frame = pbuf_alloc(PBUF_RAW, (u16_t)len, PBUF_RAM);
    pbuf_take(frame, bytes, (u16_t)len);
    error = card->netif.linkoutput(&card->netif, frame);
    pbuf_free(frame);
    net_core_leave();
    return error;
}

/* A segment that finds no room comes again, so that it is no loss; a reset and a datagram do not. */
static void
put_off(void **state)
{
    uint8_t tcp4[14 + 24 + 20] = {[12] = 8, [14] = 0x46, [23] = 6, [14 + 24 + 13] = 0x10};
    uint8_t tcp6[14 + 40 + 20] = {[12] = 0x86, 0xdd, [14] = 0x60, [20] = 6, [54 + 13] = 0x10};
    uint8_t udp[14 + 20 + 8] = {[12] = 8, [14] = 0x45, [23] = 17};
    uint8_t arp[42] = {[12] = 8, 6, [23] = 6};
    unsigned dropped = 0;

    (void)state;
    open_card(1526, 1, false);
    fake.tx_room = 0;
    for (unsigned i = 0; i < NET_TX_QUEUE; i++)
        assert_int_equal(output(tcp4, sizeof(tcp4)), ERR_OK);
    assert_int_equal(output(tcp4, sizeof(tcp4)), ERR_MEM);
    assert_int_equal(output(tcp6, sizeof(tcp6)), ERR_MEM);
    assert_int_equal(fake.device.counters.tx_dropped, 0);
    assert_int_equal(card->tx_put_off, 2);
    assert_int_equal(output(udp, sizeof(udp)), ERR_MEM);
    assert_int_equal(fake.device.counters.tx_dropped, ++dropped);
    assert_int_equal(output(arp, sizeof(arp)), ERR_MEM);
    assert_int_equal(fake.device.counters.tx_dropped, ++dropped);
    tcp4[14 + 24 + 13] = tcp6[54 + 13] = 0x04;
    assert_int_equal(output(tcp4, sizeof(tcp4)), ERR_MEM);
    assert_int_equal(fake.device.counters.tx_dropped, ++dropped);
    assert_int_equal(output(tcp6, sizeof(tcp6)), ERR_MEM);
    assert_int_equal(fake.device.counters.tx_dropped, ++dropped);
    for (size_t len = 14; len < sizeof(tcp4) - 1;
         len++) /* cut short: nothing is read behind it */
        (void)output(tcp4, len);
    assert_int_equal(card->tx_put_off, 2);
}

/* What finds the ring full goes out later, in order; too much of it is dropped and counted. */
static void
full_ring(void **state)
{
    struct udp_pcb *pcb;
    unsigned i;

    (void)state;
    open_card(1526, 1, false);
    pcb = listen_udp();
    ip_set_option(pcb, SOF_BROADCAST);
    fake.tx_room = 4;
    for (i = 0; i < 4 + NET_TX_QUEUE + 10; i++)
        send_to_neighbour(pcb, &i, sizeof(i));
    assert_int_equal(fake.nr_sent, 4);
    assert_int_equal(fake.device.counters.tx_dropped, 10);
    for (i = 0; i < 4 + NET_TX_QUEUE; i++) {
        unsigned number;

        assert_true(fake.nr_sent > i);
        memcpy(&number, (char *)fake.sent[i].parts[0].base + 42, sizeof(number));
        assert_int_equal(number, i);
        fake.tx_room++;
        fake.device.user.sent(card, fake.sent[i].token);
    }
    assert_int_equal(fake.nr_sent, 4 + NET_TX_QUEUE);
    assert_int_equal(card->in_flight, 0);
    net_core_enter();
    udp_remove(pcb);
    net_core_leave();
}

/* Memory that its owner may change after the call is copied; a long chain is joined. */
static void
volatile_data(void **state)
{
    char data[] = "will change";
    struct pbuf *p;

    (void)state;
    open_card(1526, 1, false);
    net_core_enter();
    p = pbuf_alloc(PBUF_RAW, sizeof(data), PBUF_REF);
    p->payload = data;
    card->netif.linkoutput(&card->netif, p);
    pbuf_free(p);
    p = pbuf_alloc(PBUF_RAW, 100, PBUF_RAM);
    for (int i = 0; i < NET_MAX_PARTS; i++)
        pbuf_cat(p, pbuf_alloc(PBUF_RAW, 1, PBUF_RAM));
    card->netif.linkoutput(&card->netif, p);
    pbuf_free(p);
    net_core_leave();
    assert_int_equal(fake.nr_sent, 2);
    assert_ptr_not_equal(fake.sent[0].parts[0].base, data);
    assert_memory_equal(fake.sent[0].parts[0].base, "will change", sizeof(data));
    assert_int_equal(fake.sent[1].n, 1);
    assert_int_equal(fake.sent[1].parts[0].len, 100 + NET_MAX_PARTS);
    fake.device.user.sent(card, fake.sent[0].token);
    fake.device.user.sent(card, fake.sent[1].token);
}

/* A frame of more parts than the ring takes leaves in one piece, not never. */
static void
small_ring(void **state)
{
    (void)state;
    open_card(1526, 1, false);
    fake.device.tx_chain_max = 2;
    net_core_enter();
    for (int n = 1; n <= 3; n++) {
        struct pbuf *p = pbuf_alloc(PBUF_RAW, 100, PBUF_RAM);
        for (int i = 1; i < n; i++)
            pbuf_cat(p, pbuf_alloc(PBUF_RAW, 1, PBUF_RAM));
        card->netif.linkoutput(&card->netif, p);
        pbuf_free(p);
    }
    net_core_leave();
    assert_int_equal(fake.nr_sent, 3);
    assert_int_equal(fake.sent[0].n, 1);
    assert_int_equal(fake.sent[1].n, 2);
    assert_int_equal(fake.sent[2].n, 1);
    assert_int_equal(fake.sent[2].parts[0].len, 102);
    for (int i = 0; i < 3; i++)
        fake.device.user.sent(card, fake.sent[i].token);
}

/* A driver that takes no buffers for another reason than a full ring: one line says so. */
static void
refused_buffers(void **state)
{
    static const int quiet[] = {-ENOSPC, -EIO};

    (void)state;
    open_card(1526, 1, false);
    shim_log_clear();
    for (int i = 0; i < 2; i++) {
        fake.refuse = quiet[i];
        net_rx_refill(card);
    }
    assert_int_equal(shim_log_lines(LOG_ERROR), 0);
    fake.refuse = -EINVAL;
    net_rx_refill(card);
    net_rx_refill(card);
    assert_int_equal(shim_log_lines(LOG_ERROR), 1);
    assert_true(shim_log_has("nothing is received any more"));
}

/* Connections until there are no more. */
static unsigned
count_connections(void)
{
    static void *pcbs[8192];
    unsigned nr = 0;

    while (nr < ARRAY_SIZE(pcbs) && (pcbs[nr] = net_tcp_malloc(MEMP_TCP_PCB)))
        nr++;
    for (unsigned i = 0; i < nr; i++)
        net_tcp_free(MEMP_TCP_PCB, pcbs[i]);
    return nr;
}

/* Data takes no more than its part of the budget, so there is still memory for connections. */
static void
part_of_connections(void **state)
{
    enum { DATA = 64 * 1024 };
    static void *blocks[4096];
    unsigned nr = 0;

    (void)state;
    net_sockets_open = 8192;
    while (nr < ARRAY_SIZE(blocks) && (blocks[nr] = net_malloc(DATA)))
        nr++;
    assert_in_range(nr * (size_t)DATA, net_memory_budget() / 2, net_memory_budget() / 4 * 3);
    assert_in_range(count_connections(), 4000, 4096); /* of 64 MiB */
    while (nr)
        net_free(blocks[--nr]);
    net_sockets_open = 0;
}

/* Those with a socket have no bound but memory; the others, which nobody can close, have one. */
static void
bounds_of_connections(void **state)
{
    (void)state;
    shim_memory_tell(256u << 20);
    net_memory_init();
    assert_in_range(count_connections(), 4000, 4096);
    net_sockets_open = 2000;
    assert_in_range(count_connections(), 6000, 6096);
    net_sockets_open = 8192;
    assert_int_equal(count_connections(), 8192);
    net_sockets_open = 0;
    shim_memory_tell(0);
    net_memory_init();
}

static bool connected;

static err_t
note_connected(void *arg, struct tcp_pcb *pcb, err_t error)
{
    (void)arg;
    (void)pcb;
    connected = error == ERR_OK;
    return ERR_OK;
}

/* To the card's own address, where the card would make the checksums of TCP: it sees no frame
 * of it, and the connection comes about. */
static void
own_address(void **state)
{
    ip_addr_t self = IPADDR4_INIT_BYTES(10, 0, 0, 1);
    uint8_t frame[64];

    (void)state;
    open_card(1526, 1, true);
    receive(frame, make_udp(frame, 10), NULL); /* leaves nothing behind for what comes next */
    unsigned sent = fake.nr_sent;
    net_core_enter();
    struct tcp_pcb *server = tcp_new(), *client = tcp_new();
    assert_int_equal(tcp_bind(server, &self, 80), ERR_OK);
    server = tcp_listen(server);
    assert_int_equal(tcp_connect(client, &self, 80, note_connected), ERR_OK);
    net_core_leave();
    for (int i = 0; i < 4; i++)
        defer_run();
    assert_true(connected);
    assert_int_equal(fake.nr_sent, sent);
    net_core_enter();
    tcp_close(server); /* the client is gone: a server without a program resets it at once */
    net_core_leave();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_copy),
        cmocka_unit_test(merged),
        cmocka_unit_test(hostile_lengths),
        cmocka_unit_test(longest),
        cmocka_unit_test(in_one_part),
        cmocka_unit_test(slow_reader),
        cmocka_unit_test(short_memory),
        cmocka_unit_test(checksums),
        cmocka_unit_test(transmit),
        cmocka_unit_test(full_ring),
        cmocka_unit_test(volatile_data),
        cmocka_unit_test(own_address),
        cmocka_unit_test(small_ring),
        cmocka_unit_test(refused_buffers),
        cmocka_unit_test(put_off),
        cmocka_unit_test(part_of_connections),
        cmocka_unit_test(bounds_of_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

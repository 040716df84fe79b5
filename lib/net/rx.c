/*
 * Received frames into lwIP without a copy: the buffers that the device fills are what lwIP's
 * packets point at, and they come back here when the last reader is done.
 *
 * A reader may be slow, and what it keeps is lost to the ring, so no more than half of the
 * buffers are lent. While that many are out, frames are copied into memory of their own size
 * (of lwIP's budget, memory.c) and dropped, counted, when there is none: a connection that
 * nobody reads cannot make the card deaf for the others.
 */
#include "lib/net/rx.h"
#include "lib/net/checksum.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "kernel/string.h"
#include "lwip/etharp.h"
#include "lwip/ip4.h"
#include "lwip/ip6.h"
#include "lwip/pbuf.h"
#include "lwip/prot/ethernet.h"
#include "netif/ethernet.h"

#define CHAINS_MIN 16u
#define LONG_MIN   4u /* where each holds 64 KiB */
#define CHAINS_MAX 1024u
#define HALF_PAGE  (PAGE_SIZE / 2)
#define RETRY_NS   (100 * NSEC_PER_MSEC)

/* One buffer, and lwIP's view of what lies in it while it is lent. */
struct rx_part {
    struct pbuf_custom pbuf; /* first: lwIP hands back its address */
    struct rx_chain *chain;
    uint8_t *base;
};

/* What is posted at once: room for the longest frame the device may write into one. */
struct rx_chain {
    struct list link; /* while it is free */
    struct net_rx *rx;
    unsigned lent; /* parts that lwIP still has */
    struct rx_part parts[];
};

struct net_rx {
    struct net_card *card;
    size_t part_size;  /* bytes of each part */
    unsigned nr_parts; /* of each chain */
    unsigned nr, most; /* chains that exist, and may exist */
    unsigned lent;     /* chains that lwIP has parts of */
    bool refused;      /* the driver takes no buffers, which was said */
    struct list free;
    void *spare;        /* the other half of a page that was cut in two */
    struct timer retry; /* when memory was short for the ring */
};

/* ---- buffers ---- */

static void
retry(void *arg)
{
    net_rx_refill(arg);
}

int
net_rx_new(struct net_card *card, struct net_device *device)
{
    struct net_rx *rx = kmalloc(sizeof(*rx));
    size_t budget = net_memory_budget() / 4;

    if (!rx)
        return -ENOMEM;
    rx->part_size = device->rx_min <= HALF_PAGE ? HALF_PAGE : PAGE_SIZE;
    rx->nr_parts = (device->rx_min + (unsigned)rx->part_size - 1) / (unsigned)rx->part_size;
    if (rx->nr_parts > device->rx_chain_max) {
        if (!device->rx_chain_max) {
            kfree(rx);
            return -EINVAL;
        }
        rx->nr_parts = device->rx_chain_max;
        rx->part_size = PAGE_ALIGN((device->rx_min + rx->nr_parts - 1) / rx->nr_parts);
    }
    size_t least = rx->nr_parts > 1 ? LONG_MIN : CHAINS_MIN;
    rx->most = (unsigned)MIN(MAX(budget / (rx->part_size * rx->nr_parts), least), CHAINS_MAX);
    list_init(&rx->free);
    rx->retry.fire = retry;
    rx->retry.arg = card;
    rx->card = card;
    card->rx = rx;
    return 0;
}

/* Buffers are kept for good: the ring needs as many as it ever had. */
static uint8_t *
part_new(struct net_rx *rx)
{
    uint8_t *page = rx->spare;

    if (rx->part_size >= PAGE_SIZE)
        return pages_alloc(rx->part_size / PAGE_SIZE);
    rx->spare = NULL;
    if (page)
        return page;
    page = pages_alloc(1);
    if (page)
        rx->spare = page + HALF_PAGE;
    return page;
}

static void
part_delete(struct net_rx *rx, uint8_t *base)
{
    if (rx->part_size >= PAGE_SIZE)
        pages_free(base, rx->part_size / PAGE_SIZE);
    else if (!rx->spare)
        rx->spare = base;
}

static void
part_returned(struct pbuf *p)
{
    struct rx_chain *chain = ((struct rx_part *)p)->chain;

    if (--chain->lent)
        return;
    chain->rx->lent--;
    list_insert_before(&chain->rx->free, &chain->link);
}

static struct rx_chain *
chain_new(struct net_rx *rx)
{
    struct rx_chain *chain;

    if (rx->nr == rx->most)
        return NULL;
    chain = kmalloc(sizeof(*chain) + rx->nr_parts * sizeof(chain->parts[0]));
    if (!chain)
        return NULL;
    list_init(&chain->link);
    chain->rx = rx;
    for (unsigned i = 0; i < rx->nr_parts; i++) {
        chain->parts[i].base = part_new(rx);
        if (!chain->parts[i].base) {
            while (i--)
                part_delete(rx, chain->parts[i].base);
            kfree(chain);
            return NULL;
        }
        chain->parts[i].chain = chain;
        chain->parts[i].pbuf.custom_free_function = part_returned;
    }
    rx->nr++;
    return chain;
}

static int
chain_post(struct net_card *card, struct rx_chain *chain)
{
    struct net_rx *rx = card->rx;
    struct sg parts[NET_MAX_PARTS];
    unsigned n = MIN(rx->nr_parts, (unsigned)NET_MAX_PARTS);
    int err;

    for (unsigned i = 0; i < n; i++)
        parts[i] = (struct sg){chain->parts[i].base, (uint32_t)rx->part_size};
    err = card->device->rx_post(card->device, parts, n, chain);
    if (!err)
        card->kick = true;
    return err;
}

/* A full ring has room again one day, and a driver that is down says so itself. Anything else
 * leaves the card deaf, as when a device comes back from a reset and asks for larger buffers. */
static void
note_refusal(struct net_card *card, int err)
{
    struct net_rx *rx = card->rx;

    if (err == -ENOSPC || err == -EIO || rx->refused)
        return;
    rx->refused = true;
    log_error("%s: its driver refuses receive buffers of %zu bytes in %u parts (error %d); "
              "nothing is received any more",
              card->device->name, rx->part_size * rx->nr_parts, rx->nr_parts, -err);
}

/* Also the end of a batch: what received() held back goes out. */
void
net_rx_refill(void *arg)
{
    struct net_card *card = arg;
    struct net_rx *rx = card->rx;

    card->in_batch = false;
    for (;;) {
        struct list *free = list_pop(&rx->free);
        struct rx_chain *chain = free ? list_entry(free, struct rx_chain, link) : chain_new(rx);

        if (!chain) {
            if (rx->nr < rx->most)
                timer_set(&rx->retry, clock_now() + RETRY_NS);
            break;
        }
        int err = chain_post(card, chain);
        if (err) {
            note_refusal(card, err);
            list_insert_before(&rx->free, &chain->link);
            break;
        }
    }
    net_cards_kick();
}

void
net_rx_released(void *arg, void *token)
{
    struct net_card *card = arg;
    struct rx_chain *chain = token;

    list_insert_before(&card->rx->free, &chain->link);
}

/* ---- frames ---- */

/* A frame in its buffers: a cursor over the bytes of the chains that it lies in. */
struct frame {
    void *const *chains;
    const uint32_t *lens; /* bytes in each chain */
    unsigned n;
    uint32_t skip; /* what comes before the frame in the first chain */
};

/* The next run of at most `left` bytes in one part, `at` bytes into chain `c`. */
static uint8_t *
frame_run(const struct net_rx *rx, const struct frame *f, unsigned c, uint32_t at,
          uint32_t left, struct rx_part **part, uint32_t *len)
{
    struct rx_chain *chain = f->chains[c];
    size_t offset = at % rx->part_size;

    *part = &chain->parts[at / rx->part_size];
    *len = (uint32_t)MIN((size_t)left, rx->part_size - offset);
    return (*part)->base + offset;
}

/* Lend the buffers to lwIP. Each part becomes a packet buffer of its own, chained. */
static struct pbuf *
lend(struct net_rx *rx, const struct frame *f)
{
    struct pbuf *whole = NULL;

    for (unsigned c = 0; c < f->n; c++) {
        struct rx_chain *chain = f->chains[c];
        uint32_t at = c ? 0 : f->skip, left = f->lens[c];

        while (left) {
            struct rx_part *part;
            uint32_t len;
            uint8_t *base = frame_run(rx, f, c, at, left, &part, &len);
            struct pbuf *p = pbuf_alloced_custom(PBUF_RAW, (u16_t)len, PBUF_REF, &part->pbuf,
                                                 base, (u16_t)len);

            if (!chain->lent++)
                rx->lent++;
            if (whole)
                pbuf_cat(whole, p);
            else
                whole = p;
            at += len;
            left -= len;
        }
        if (!chain->lent)
            list_insert_before(&rx->free, &chain->link);
    }
    return whole;
}

static struct pbuf *
copy(struct net_rx *rx, const struct frame *f, uint32_t total)
{
    struct pbuf *whole = pbuf_alloc(PBUF_RAW, (u16_t)total, PBUF_RAM);
    uint8_t *to = whole ? whole->payload : NULL;

    for (unsigned c = 0; c < f->n; c++) {
        uint32_t at = c ? 0 : f->skip, left = f->lens[c];

        while (whole && left) {
            struct rx_part *part;
            uint32_t len;
            const uint8_t *base = frame_run(rx, f, c, at, left, &part, &len);

            memcpy(to, base, len);
            to += len;
            at += len;
            left -= len;
        }
        net_rx_released(rx->card, f->chains[c]);
    }
    return whole;
}

/* Hand a packet without its Ethernet header to the protocol that the header names. */
static void
input(struct net_card *card, struct pbuf *p, const struct eth_hdr *ether)
{
    struct netif *netif = &card->netif;

    p->if_idx = netif_get_index(netif);
    if (eth_addr_cmp(&ether->dest, &ethbroadcast))
        p->flags |= PBUF_FLAG_LLBCAST;
    else if (ether->dest.addr[0] & 1)
        p->flags |= PBUF_FLAG_LLMCAST;

    switch (ether->type) {
    case PP_HTONS(ETHTYPE_IP):
        ip4_input(p, netif);
        break;
    case PP_HTONS(ETHTYPE_IPV6):
        ip6_input(p, netif);
        break;
    case PP_HTONS(ETHTYPE_ARP):
        etharp_input(p, netif);
        break;
    default:
        pbuf_free(p);
    }
}

/* Total bytes of the frame, or 0 if it is none that can be used. */
static uint32_t
frame_length(const struct net_card *card, const uint32_t *lens, unsigned n)
{
    const struct net_rx *rx = card->rx;
    size_t room = rx->part_size * rx->nr_parts, total = 0;

    for (unsigned i = 0; i < n; i++) {
        if (lens[i] > room - (i ? 0 : card->device->rx_headroom))
            return 0;
        total += lens[i];
    }
    /* The Ethernet header does not count for lwIP's 16 bits: it is gone by then. */
    if (lens[0] < NET_ETHER_HEADER || total > NET_ETHER_HEADER + 0xffffu)
        return 0;
    return (uint32_t)total;
}

void
net_rx_received(void *arg, void *const *tokens, const uint32_t *lens, unsigned n,
                const struct net_meta *meta)
{
    struct net_card *card = arg;
    struct net_rx *rx = card->rx;
    uint32_t total = frame_length(card, lens, n), rest[NET_MERGE_MAX];
    const uint8_t *frame =
        ((struct rx_chain *)tokens[0])->parts[0].base + card->device->rx_headroom;
    struct eth_hdr ether;
    struct pbuf *p;
    bool covered;

    card->in_batch = true;
    if (total <= NET_ETHER_HEADER || n > NET_MERGE_MAX) {
        for (unsigned i = 0; i < n; i++)
            net_rx_released(card, tokens[i]);
        card->device->counters.rx_dropped++;
        return;
    }
    memcpy(&ether, frame, sizeof(ether));
    covered =
        (meta->csum_valid || meta->csum_partial) &&
        net_checksum_covered(frame, MIN(lens[0], rx->part_size - card->device->rx_headroom));
    memcpy(rest, lens, n * sizeof(rest[0]));
    rest[0] -= NET_ETHER_HEADER;
    total -= NET_ETHER_HEADER;

    struct frame f = {tokens, rest, n, card->device->rx_headroom + NET_ETHER_HEADER};

    p = rx->lent + n > rx->most / 2 ? copy(rx, &f, total) : lend(rx, &f);
    if (!p) {
        card->device->counters.rx_dropped++;
        return;
    }
    net_core_enter();
    net_card_check_checksums(card, !covered);
    input(card, p, &ether);
    net_card_check_checksums(card, false);
    net_core_leave();
}

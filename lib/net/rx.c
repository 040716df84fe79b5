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

#define BUFFERS_MIN 16u
#define LONG_MIN    4u /* where each holds 64 KiB */
#define BUFFERS_MAX 1024u
#define HALF_PAGE   (PAGE_SIZE / 2)
#define RETRY_NS    (100 * NSEC_PER_MSEC)

/* Room for the longest frame that the device may write into one, and lwIP's view of what lies in it
 * while it is lent. */
struct rx_buffer {
    struct pbuf_custom pbuf; /* first: lwIP hands back its address */
    struct list link;        /* while it is free */
    struct net_rx *rx;
    uint8_t *base;
};

struct net_rx {
    struct net_card *card;
    size_t size;       /* bytes of a buffer: in one piece, since each costs a descriptor */
    unsigned nr, most; /* buffers that exist, and may exist */
    unsigned lent;     /* to lwIP */
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
    if (!device->rx_chain_max) {
        kfree(rx);
        return -EINVAL;
    }
    rx->size = device->rx_min <= HALF_PAGE ? HALF_PAGE : PAGE_ALIGN(device->rx_min);
    size_t least = device->rx_min > PAGE_SIZE ? LONG_MIN : BUFFERS_MIN;
    rx->most = (unsigned)MIN(MAX(budget / rx->size, least), BUFFERS_MAX);
    list_init(&rx->free);
    rx->retry.fire = retry;
    rx->retry.arg = card;
    rx->card = card;
    card->rx = rx;
    return 0;
}

static uint8_t *
memory_new(struct net_rx *rx)
{
    uint8_t *page = rx->spare;

    if (rx->size >= PAGE_SIZE)
        return pages_alloc(rx->size / PAGE_SIZE);
    rx->spare = NULL;
    if (page)
        return page;
    page = pages_alloc(1);
    if (page)
        rx->spare = page + HALF_PAGE;
    return page;
}

static void
returned(struct pbuf *p)
{
    struct rx_buffer *buffer = (struct rx_buffer *)p;

    buffer->rx->lent--;
    list_append(&buffer->rx->free, &buffer->link);
}

/* Buffers are kept for good: the ring needs as many as it ever had. */
static struct rx_buffer *
buffer_new(struct net_rx *rx)
{
    struct rx_buffer *buffer = rx->nr < rx->most ? kmalloc(sizeof(*buffer)) : NULL;

    if (!buffer)
        return NULL;
    list_init(&buffer->link);
    buffer->rx = rx;
    buffer->pbuf.custom_free_function = returned;
    buffer->base = memory_new(rx);
    if (!buffer->base) {
        kfree(buffer);
        return NULL;
    }
    rx->nr++;
    return buffer;
}

static int
buffer_post(struct net_card *card, struct rx_buffer *buffer)
{
    struct sg part = {buffer->base, (uint32_t)card->rx->size};
    int error = card->device->rx_post(card->device, &part, 1, buffer);

    if (!error)
        card->kick = true;
    return error;
}

/* A full ring has room again one day, and a driver that is down says so itself. Anything else
 * leaves the card deaf, as when a device comes back from a reset and asks for larger buffers. */
static void
note_refusal(struct net_card *card, int error)
{
    struct net_rx *rx = card->rx;

    if (error == -ENOSPC || error == -EIO || rx->refused)
        return;
    rx->refused = true;
    log_error("%s: its driver refuses receive buffers of %zu bytes (error %d); "
              "nothing is received any more",
              card->device->name, rx->size, -error);
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
        struct rx_buffer *buffer =
            free ? container_of(free, struct rx_buffer, link) : buffer_new(rx);

        if (!buffer) {
            if (rx->nr < rx->most)
                timer_set(&rx->retry, clock_now() + RETRY_NS);
            break;
        }
        int error = buffer_post(card, buffer);
        if (error) {
            note_refusal(card, error);
            list_append(&rx->free, &buffer->link);
            break;
        }
    }
    net_cards_kick();
}

void
net_rx_released(void *arg, void *token)
{
    struct net_card *card = arg;
    struct rx_buffer *buffer = token;

    list_append(&card->rx->free, &buffer->link);
}

/* ---- frames ---- */

/* A frame in its buffers. */
struct frame {
    void *const *buffers;
    const uint32_t *lens; /* bytes in each */
    unsigned n;
    uint32_t skip; /* what comes before the frame in the first */
};

/* Its bytes in buffer i. */
static uint8_t *
frame_bytes(const struct frame *f, unsigned i)
{
    return ((struct rx_buffer *)f->buffers[i])->base + (i ? 0 : f->skip);
}

/* Lend the buffers to lwIP. Each becomes a packet buffer of its own, chained. */
static struct pbuf *
lend(struct net_rx *rx, const struct frame *f)
{
    struct pbuf *whole = NULL;

    for (unsigned i = 0; i < f->n; i++) {
        struct rx_buffer *buffer = f->buffers[i];
        u16_t len = (u16_t)f->lens[i];

        if (!len) {
            net_rx_released(rx->card, buffer);
            continue;
        }
        struct pbuf *p =
            pbuf_alloced_custom(PBUF_RAW, len, PBUF_REF, &buffer->pbuf, frame_bytes(f, i), len);
        rx->lent++;
        if (whole)
            pbuf_cat(whole, p);
        else
            whole = p;
    }
    return whole;
}

static struct pbuf *
copy(struct net_rx *rx, const struct frame *f, uint32_t total)
{
    struct pbuf *whole = pbuf_alloc(PBUF_RAW, (u16_t)total, PBUF_RAM);
    uint8_t *to = whole ? whole->payload : NULL;

    for (unsigned i = 0; i < f->n; i++) {
        if (whole)
            memcpy(to, frame_bytes(f, i), f->lens[i]);
        to += whole ? f->lens[i] : 0;
        net_rx_released(rx->card, f->buffers[i]);
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
    size_t total = 0;

    for (unsigned i = 0; i < n; i++) {
        if (lens[i] > rx->size - (i ? 0 : card->device->rx_headroom))
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
    const uint8_t *frame = ((struct rx_buffer *)tokens[0])->base + card->device->rx_headroom;
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
    covered = (meta->csum_valid || meta->csum_partial) && net_checksum_covered(frame, lens[0]);
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

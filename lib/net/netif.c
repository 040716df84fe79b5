/*
 * A network card (kernel/device.h) as an interface of lwIP: what is common to both
 * directions, and transmission. A frame goes to the device as it is, with a reference held
 * until the device has read it; the device finishes TCP's checksums where it can. rx.c has
 * the other direction.
 */
#include "lib/net/checksum.h"
#include "lib/net/core.h"
#include "lib/net/rx.h"
#include "kernel/cmdline.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/string.h"
#include "lwip/etharp.h"
#include "lwip/ethip6.h"
#include "lwip/prot/ip.h"
#include "netif/ethernet.h"

DEVICE_CLASS_USED(net);

static struct list cards = LIST_INIT(cards);

struct net_card *
net_card_next(struct net_card *after)
{
    struct list *next = after ? after->link.next : cards.next;

    return next == &cards ? NULL : container_of(next, struct net_card, link);
}

static void
card_kick(struct net_card *card)
{
    if (!card->kick || card->in_batch)
        return;
    card->kick = false;
    card->device->kick(card->device);
}

void
net_cards_kick(void)
{
    list_foreach(it, &cards) card_kick(container_of(it, struct net_card, link));
}

/* ---- transmission ---- */

/* 0, -ENOSPC when the ring is full, or another error. Keeps no reference of its own. */
static int
transmit(struct net_card *card, struct pbuf *frame)
{
    struct sg parts[NET_MAX_PARTS];
    struct net_meta meta = {0};
    unsigned n = 0;
    int error;

    for (struct pbuf *p = frame; p; p = p->next)
        if (p->len)
            parts[n++] = (struct sg){p->payload, p->len};
    if (card->device->tx_csum)
        net_checksum_partial(frame->payload, frame->len, &meta);
    error = card->device->tx(card->device, parts, n, &meta, frame);
    if (!error) {
        card->kick = true;
        card->in_flight++;
    }
    return error;
}

/*
 * The frame as the device may read it later: a new reference where nobody else will change
 * the bytes; else a copy in one piece, which is also the answer to too many parts and to
 * headers that are not in one.
 */
static struct pbuf *
lasting(const struct net_card *card, struct pbuf *frame)
{
    unsigned parts = 0;
    bool copy = frame->next && frame->len < NET_HEADERS_MAX;

    for (struct pbuf *p = frame; p; p = p->next) {
        copy |= PBUF_NEEDS_COPY(p);
        parts++;
    }
    if (copy || parts > card->device->tx_chain_max)
        return pbuf_clone(PBUF_RAW, PBUF_RAM, frame);
    pbuf_ref(frame);
    return frame;
}

/* Frames that found the ring full wait in order, so that TCP need not wait for its timer. */
static bool
queue_push(struct net_card *card, struct pbuf *frame)
{
    if (card->queued == NET_TX_QUEUE)
        return false;
    card->queue[(card->queue_head + card->queued++) % NET_TX_QUEUE] = frame;
    return true;
}

static void
queue_drain(struct net_card *card)
{
    /* A driver may call sent() from tx(). */
    if (card->draining)
        return;
    card->draining = true;
    while (card->queued) {
        struct pbuf *frame = card->queue[card->queue_head];
        int error = transmit(card, frame);

        if (error == -ENOSPC)
            break;
        card->queue_head = (card->queue_head + 1) % NET_TX_QUEUE;
        card->queued--;
        if (error) {
            card->device->counters.tx_dropped++;
            pbuf_free(frame);
        }
    }
    card->draining = false;
}

/*
 * Whether lwIP keeps what is in the frame and sends it again when it is told ERR_MEM: a segment
 * stays in the connection's queue, an acknowledgement stays due. Only a reset is forgotten.
 */
static bool
comes_again(const struct pbuf *frame)
{
    enum { ETHERNET = 14, RST = 0x04 };
    const uint8_t *bytes = frame->payload;
    size_t at;

    if (frame->len < ETHERNET + 20)
        return false;
    if (bytes[12] == 0x08 && bytes[13] == 0x00 && bytes[ETHERNET + 9] == IP_PROTO_TCP)
        at = ETHERNET + (size_t)(bytes[ETHERNET] & 0xf) * 4;
    else if (bytes[12] == 0x86 && bytes[13] == 0xdd && bytes[ETHERNET + 6] == IP_PROTO_TCP)
        at = ETHERNET + 40;
    else
        return false;
    return frame->len >= at + 20 && !(bytes[at + 13] & RST);
}

static err_t
link_output(struct netif *netif, struct pbuf *frame)
{
    struct net_card *card = netif->state;
    struct pbuf *p = lasting(card, frame);
    int error = p ? card->queued ? -ENOSPC : transmit(card, p) : -ENOMEM;

    if (!error || (error == -ENOSPC && queue_push(card, p)))
        return ERR_OK;
    if (p)
        pbuf_free(p);
    if (error != -EIO && comes_again(frame))
        card->tx_put_off++;
    else
        card->device->counters.tx_dropped++;
    return error == -EIO ? ERR_IF : ERR_MEM;
}

static void
sent(void *arg, void *token)
{
    struct net_card *card = arg;

    card->in_flight--;
    pbuf_free(token);
    queue_drain(card);
    card_kick(card);
}

/* ---- state ---- */

void
net_card_follow_mtu(struct net_card *card)
{
    struct netif *netif = &card->netif;
    uint16_t leased = card->lease.mtu;

    netif->mtu = leased ? MIN(leased, card->device->mtu) : card->device->mtu;
    /* A link that carries no more carries no more of IPv6 either, but for its least (RFC 8200, 5).
     * It grows again when a router says so. */
    netif->mtu6 = MIN(netif->mtu6, MAX(netif->mtu, IP6_MIN_MTU_LENGTH));
}

static void
follow_device(struct net_card *card)
{
    struct net_device *device = card->device;

    net_card_follow_mtu(card);
    if (device->link_up && !device->broken)
        netif_set_link_up(&card->netif);
    else
        netif_set_link_down(&card->netif);
}

static void
changed(void *arg)
{
    net_core_enter();
    follow_device(arg);
    net_core_leave();
}

static err_t
init_netif(struct netif *netif)
{
    struct net_card *card = netif->state;
    struct net_device *device = card->device;
    const char *hostname = cmdline_word(NULL, "hostname");

    netif->name[0] = 'e';
    netif->name[1] = 'n';
    netif->hostname = hostname ? hostname : "ringlet";
    netif->hwaddr_len = sizeof(device->mac);
    memcpy(netif->hwaddr, device->mac, sizeof(device->mac));
    netif->flags =
        NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_MLD6;
    netif->output = net_route_output;
    netif->output_ip6 = ethip6_output;
    netif->linkoutput = link_output;
    netif->mtu = device->mtu;
    netif->mtu6 = device->mtu;
    net_card_check_checksums(card, false);
    return ERR_OK;
}

/*
 * UDP's checksums are always made here: lwIP makes them before it cuts a datagram into
 * fragments, which no device could finish.
 */
void
net_card_check_checksums(struct net_card *card, bool transport)
{
    u16_t flags = NETIF_CHECKSUM_ENABLE_ALL;

    if (card->device->tx_csum)
        flags &= (u16_t)~NETIF_CHECKSUM_GEN_TCP;
    if (!transport)
        flags &= (u16_t) ~(NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_UDP);
    NETIF_SET_CHECKSUM_CTRL(&card->netif, flags);
}

int
net_card_open(struct net_device *device, struct net_card **out)
{
    struct net_card *card = kmalloc(sizeof(*card));
    int error = card ? net_rx_new(card, device) : -ENOMEM;

    if (error) {
        log_error("%s: cannot be used: %s", device->name,
                  error == -ENOMEM ? "not enough memory for receive buffers"
                                   : "no buffer fits its driver");
        kfree(card);
        return error;
    }
    card->device = device;
    if (!netif_add_noaddr(&card->netif, card, init_netif, netif_input)) {
        log_error("%s: cannot be used: lwIP has no room for it", device->name);
        return -ENOMEM; /* the 256th card; its buffers stay */
    }
    list_append(&cards, &card->link);
    device->user = (struct net_user){
        .received = net_rx_received,
        .rx_released = net_rx_released,
        .sent = sent,
        .refill = net_rx_refill,
        .changed = changed,
        .arg = card,
    };
    follow_device(card);
    net_rx_refill(card);
    *out = card;
    return 0;
}

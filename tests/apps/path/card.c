/*
 * The card: a transport of virtio whose device is this file. It works when it is notified and when
 * the guest would sleep, in both cases to the end, so that nothing depends on time. Relies on the
 * halt of the platform being a pointer, which it puts itself into.
 */
#include <string.h>
#include "drivers/virtio/ring/ring.h"
#include "kernel/enlist.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "kernel/cmdline.h"
#include "path.h"

#define RING   256
#define HEADER 12
#define TSO \
    (BIT(VIRTIO_NET_F_GUEST_TSO4) | BIT(VIRTIO_NET_F_GUEST_TSO6) | BIT(VIRTIO_NET_F_GUEST_ECN))
#define SUMS (BIT(VIRTIO_NET_F_CSUM) | BIT(VIRTIO_NET_F_GUEST_CSUM))
#define QEMU \
    (BIT(VIRTIO_NET_F_MRG_RXBUF) | BIT(VIRTIO_F_RING_EVENT_IDX) | BIT(VIRTIO_F_ANY_LAYOUT))

/* What is offered by QEMU with a tap and with its user network, and by our launcher with a tap. */
static const struct {
    const char *name;
    uint64_t features;
} cards[] = {{"tap", QEMU | SUMS | TSO}, {"user", QEMU}, {"launcher", SUMS | TSO}};

unsigned card_notifications, card_interrupts;

static uint64_t features = QEMU;
static uint64_t own_ticks; /* of the model */
static uint8_t status;
static uint16_t taken[2]; /* of each queue: entries of the available ring */
static struct virtio_device device;
static struct platform with_card;
static void (*real_halt)(void);

static uint64_t
ticks(void)
{
    uint64_t t;

    __asm__ volatile("rdtsc" : "=A"(t) : : "memory");
    return t;
}

uint64_t
card_ticks(void)
{
    return ticks() - own_ticks;
}

/* ---- rings, from the device's side ---- */

/* The next chain that the guest offers: its head, and its descriptors as they follow each other. */
static bool
next_chain(struct virtqueue *q, uint16_t *head, struct vring_desc *chain, unsigned *n)
{
    const struct vring_avail *avail = q->area.driver;
    const struct vring_desc *table = q->area.desc;

    if (taken[q->index] == avail->idx)
        return false;
    *head = avail->ring[taken[q->index]++ % RING];
    const struct vring_desc *at = &table[*head];
    if (at->flags & VRING_DESC_F_INDIRECT)
        table = at = (const void *)(uintptr_t)at->addr;
    for (*n = 0; *n < NET_MAX_PARTS + 1; at = &table[at->next]) {
        chain[(*n)++] = *at;
        if (!(at->flags & VRING_DESC_F_NEXT))
            break;
    }
    return true;
}

/* True if the guest wants to hear of this one. */
static bool
give_back(struct virtqueue *q, uint16_t head, size_t len)
{
    const struct vring_avail *avail = q->area.driver;
    struct vring_used *used = q->area.device;
    uint16_t at = used->idx, *event = (void *)(used->ring + RING);

    used->ring[at % RING] = (struct vring_used_elem){head, len};
    used->idx = at + 1;
    /* The device wants to be notified of the next chain. */
    if (q->event_idx)
        *event = taken[q->index];
    return q->event_idx ? avail->ring[RING] == at
                        : !(avail->flags & VRING_AVAIL_F_NO_INTERRUPT);
}

static bool
send_all(struct virtqueue *q)
{
    struct vring_desc chain[NET_MAX_PARTS + 1];
    uint8_t frame[HEADER + FRAME_MAX];
    uint16_t head;
    bool wanted = false;
    unsigned n;

    while (next_chain(q, &head, chain, &n)) {
        size_t len = 0;
        for (unsigned i = 0; i < n && len + chain[i].len <= sizeof(frame); i++) {
            memcpy(frame + len, (void *)(uintptr_t)chain[i].addr, chain[i].len);
            len += chain[i].len;
        }
        size_t header =
            virtio_has(&device, VIRTIO_NET_F_MRG_RXBUF) ? HEADER : VIRTIO_NET_HDR_LEGACY;
        peer_take(frame + header, len - header);
        wanted |= give_back(q, head, 0);
    }
    return wanted;
}

static bool irq_due;

bool
card_deliver(const uint8_t *frame, size_t len)
{
    struct virtqueue *q = device.queues[0];
    size_t header =
        virtio_has(&device, VIRTIO_NET_F_MRG_RXBUF) ? HEADER : VIRTIO_NET_HDR_LEGACY;
    uint8_t whole[HEADER + FRAME_MAX] = {0};
    struct vring_desc chain[NET_MAX_PARTS + 1];
    uint16_t head;
    unsigned n;

    if (!device.running || !next_chain(q, &head, chain, &n))
        return false;
    if (virtio_has(&device, VIRTIO_NET_F_GUEST_CSUM))
        whole[0] = VIRTIO_NET_HDR_F_DATA_VALID;
    whole[10] = header > 10; /* num_buffers */
    memcpy(whole + header, frame, len);
    for (size_t i = 0, at = 0, all = header + len; i < n && at < all; at += chain[i++].len)
        memcpy((void *)(uintptr_t)chain[i].addr, whole + at,
               MIN((size_t)chain[i].len, all - at));
    irq_due |= give_back(q, head, header + len);
    return true;
}

/* ---- when it works ---- */

static void
interrupt(void)
{
    card_interrupts++;
    virtio_queue_interrupt(&device);
}

static void
card_notify(struct virtio_device *v, struct virtqueue *q)
{
    uint64_t begin = ticks();
    bool wanted = q->index == 1 && send_all(q);

    (void)v;
    card_notifications++;
    own_ticks += ticks() - begin;
    if (wanted)
        interrupt();
}

static void
card_halt(void)
{
    uint64_t begin = ticks();
    bool work = peer_turn(), wanted = irq_due;

    irq_due = false;
    own_ticks += ticks() - begin;
    if (wanted)
        interrupt();
    if (!work)
        real_halt();
}

/* ---- the rest of a transport ---- */

static uint8_t
get_status(struct virtio_device *v)
{
    (void)v;
    return status;
}

static void
set_status(struct virtio_device *v, uint8_t to)
{
    (void)v;
    status = to;
    if (!to)
        taken[0] = taken[1] = 0;
}

static uint64_t
get_features(struct virtio_device *v)
{
    (void)v;
    return features | BIT(VIRTIO_NET_F_MAC) | BIT(VIRTIO_F_RING_INDIRECT);
}

static void
set_features(struct virtio_device *v, uint64_t accepted)
{
    (void)v, (void)accepted;
}

static const struct virtio_net_config config = {.mac = {2, 0, 0, 0, 0, 1}};

static size_t
config_size(struct virtio_device *v)
{
    (void)v;
    return sizeof(config);
}

static uint32_t
config_read(struct virtio_device *v, size_t offset, size_t width)
{
    uint32_t value = 0;

    (void)v;
    memcpy(&value, (const char *)&config + offset, width);
    return value;
}

static void
config_write32(struct virtio_device *v, size_t offset, uint32_t value)
{
    (void)v, (void)offset, (void)value;
}

static int
queue_setup(struct virtio_device *v, struct virtqueue *q)
{
    (void)v;
    return q->index > 1 ? -ENOENT : split_area_alloc(&q->area, RING, 4096);
}

static int
start(struct virtio_device *v)
{
    (void)v;
    return 0;
}

static void
stop(struct virtio_device *v)
{
    (void)v;
}

static const struct virtio_transport transport = {
    .name = "model",
    .get_status = get_status,
    .set_status = set_status,
    .get_features = get_features,
    .set_features = set_features,
    .config_size = config_size,
    .config_read = config_read,
    .config_write32 = config_write32,
    .queue_setup = queue_setup,
    .start = start,
    .stop = stop,
    .notify = card_notify,
};

static void
scan(void)
{
    const char *name = cmdline_argument(NULL);

    for (size_t i = 0; name && i < ARRAY_SIZE(cards); i++)
        if (strcmp(name, cards[i].name) == 0)
            features = cards[i].features;
    with_card = *platform;
    real_halt = with_card.halt;
    with_card.halt = card_halt;
    platform = &with_card;
    device = (struct virtio_device){
        .transport = &transport, .where = "model", .type = VIRTIO_ID_NET};
    virtio_device_found(&device);
}

static const struct bus bus = {.name = "model", .scan = scan};
ENLIST(buses, bus);

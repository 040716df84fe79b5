/*
 * The virtio network device (virtio 1.2, 5.1): what the device says of itself, and its way up
 * and down. Frames are in net_frames.c. One receive and one transmit queue; no control queue,
 * since nothing here needs one.
 */
#include "drivers/virtio/device/net.h"
#include "kernel/enlist.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "kernel/string.h"

DEVICE_CLASS_DRIVER(net);

#define MTU_DEFAULT 1500
#define MTU_MIN     68    /* RFC 791: what every link carries */
#define MTU_MAX     9000  /* a jumbo frame; more would only make receive buffers larger */
#define TSO_FRAME   65550 /* what a device may gather TCP segments to (5.1.6.3.1) */

enum { QUEUE_RX = 0, QUEUE_TX = 1 };

#define CONFIG(field) offsetof(struct virtio_net_config, field)

/* ---- address ---- */

/* A station's address: neither the group bit nor all zeros (IEEE 802, 8.2). */
static bool
mac_usable(const uint8_t mac[6])
{
    static const uint8_t zeros[6];

    return !(mac[0] & 1) && memcmp(mac, zeros, sizeof(zeros)) != 0;
}

/*
 * An address of our own, locally administered. Where there is no entropy the clocks have to
 * do: two guests get the same only if they were started in the same nanosecond of their own
 * time and the same second of the world's.
 */
static void
mac_invent(struct virtio_net *n)
{
    uint64_t seed;

    if (entropy_read(n->dev.mac, sizeof(n->dev.mac), clock_now() + ENTROPY_PATIENCE) < 0) {
        seed = (platform->wall_base() ^ clock_now()) * 0x9e3779b97f4a7c15ull;
        memcpy(n->dev.mac, (char *)&seed + 2, sizeof(n->dev.mac));
    }
    n->dev.mac[0] = (uint8_t)((n->dev.mac[0] & ~1u) | 2);
    log_info("%s: the device has no usable address; a random one is taken", n->v->where);
}

static void
read_mac(struct virtio_net *n)
{
    if (!virtio_has(n->v, VIRTIO_NET_F_MAC) ||
        virtio_config_read(n->v, CONFIG(mac), n->dev.mac, sizeof(n->dev.mac)) < 0 ||
        !mac_usable(n->dev.mac))
        mac_invent(n);
}

/* ---- configuration ---- */

static void
read_mtu(struct virtio_net *n)
{
    uint16_t mtu = MTU_DEFAULT;

    if (virtio_has(n->v, VIRTIO_NET_F_MTU) &&
        virtio_config_read16(n->v, CONFIG(mtu), &mtu) == 0 && mtu < MTU_MIN) {
        log_warn("%s: an MTU of %u is impossible; %u is used", n->v->where, mtu, MTU_DEFAULT);
        mtu = MTU_DEFAULT;
    }
    n->dev.mtu = MIN(mtu, MTU_MAX);
}

static bool
read_link(struct virtio_net *n)
{
    uint16_t status;

    if (!virtio_has(n->v, VIRTIO_NET_F_STATUS) ||
        virtio_config_read16(n->v, CONFIG(status), &status) < 0)
        return true;
    return status & VIRTIO_NET_S_LINK_UP;
}

/* A buffer holds the longest frame that may come (5.1.6.3.1), except that frames which can be
 * merged need only fit into NET_MERGE_MAX of them. */
static uint32_t
least_buffer(const struct virtio_net *n, bool merge)
{
    bool tso =
        virtio_has(n->v, VIRTIO_NET_F_GUEST_TSO4) || virtio_has(n->v, VIRTIO_NET_F_GUEST_TSO6);
    uint32_t mtu = merge ? MTU_DEFAULT : MAX(n->dev.mtu, MTU_DEFAULT);

    if (!tso)
        return n->header_len + NET_ETHERNET_HEADER + mtu;
    if (!merge)
        return n->header_len + TSO_FRAME;
    return (n->header_len + TSO_FRAME + NET_MERGE_MAX - 1) / NET_MERGE_MAX;
}

/*
 * The header is 12 bytes long with MRG_RXBUF or VERSION_1 and 10 else (5.1.6.1); a legacy
 * device without ANY_LAYOUT wants it as a descriptor of its own (5.1.6.6).
 */
static void
read_layout(struct virtio_net *n)
{
    bool modern = virtio_has(n->v, VIRTIO_F_VERSION_1);
    bool merge = virtio_has(n->v, VIRTIO_NET_F_MRG_RXBUF);

    n->header_len = modern || merge ? sizeof(struct virtio_net_hdr) : VIRTIO_NET_HDR_LEGACY;
    n->header_apart = !modern && !virtio_has(n->v, VIRTIO_F_ANY_LAYOUT);
    n->dev.rx_headroom = (uint16_t)n->header_len;
    n->dev.rx_min = least_buffer(n, merge);
    n->dev.rx_chain_max = MIN(NET_MAX_PARTS, n->rx.queue->size - (n->header_apart ? 1u : 0u));
    n->dev.tx_chain_max = MIN(NET_MAX_PARTS, n->tx.queue->size - 1u); /* the header is one */
    n->dev.tx_csum = virtio_has(n->v, VIRTIO_NET_F_CSUM);
    n->dev.rx_csum = virtio_has(n->v, VIRTIO_NET_F_GUEST_CSUM);
}

/* ---- bring-up ---- */

static struct virtio_net *
net_new(struct virtio_device *v)
{
    struct virtio_net *n = kmalloc(sizeof(*n));

    if (!n)
        return NULL;
    n->v = v;
    n->refill_timer.fire = net_refill;
    n->refill_timer.arg = n;
    n->dev.rx_post = net_rx_post;
    n->dev.tx = net_tx;
    n->dev.kick = net_kick;
    return n;
}

static int
make_path(struct virtio_device *v, struct net_path *p, uint16_t index, const char *name,
          void (*callback)(struct virtqueue *))
{
    int error = virtio_queue_new(v, index, name, callback, &p->queue);

    if (error)
        return error;
    if (p->queue->size < 2) {
        log_error("%s: queue %s has room for %u descriptors, a frame needs 2; the card is not "
                  "used",
                  v->where, name, p->queue->size);
        return -EINVAL;
    }
    return net_path_init(p);
}

static int
net_probe(struct virtio_device *v)
{
    struct virtio_net *n = v->driver_data;
    int error;

    if (!n)
        n = v->driver_data = net_new(v);
    if (!n)
        return -ENOMEM;
    error = make_path(v, &n->rx, QUEUE_RX, "rx", net_rx_arrived);
    if (error == 0)
        error = make_path(v, &n->tx, QUEUE_TX, "tx", net_tx_sent);
    if (error)
        return error;
    /* The stack has built on address and MTU: they stay over a reset. */
    if (!n->registered) {
        read_mac(n);
        read_mtu(n);
    }
    read_layout(n);
    n->dev.link_up = read_link(n);
    return 0;
}

static void
net_started(struct virtio_device *v)
{
    struct virtio_net *n = v->driver_data;
    const uint8_t *mac = n->dev.mac;

    if (n->registered) {
        net_refill(n);
        if (n->dev.user.changed)
            n->dev.user.changed(n->dev.user.arg);
        return;
    }
    n->registered = true;
    net_register(&n->dev);
    log_info("%s: %02x:%02x:%02x:%02x:%02x:%02x, MTU %u%s, at %s", n->dev.name, mac[0], mac[1],
             mac[2], mac[3], mac[4], mac[5], n->dev.mtu, n->dev.link_up ? "" : ", no link",
             v->where);
}

static void
net_stopped(struct virtio_device *v)
{
    struct virtio_net *n = v->driver_data;

    timer_cancel(&n->refill_timer);
    n->dev.link_up = false;
    net_let_go(n);
    if (n->dev.user.changed)
        n->dev.user.changed(n->dev.user.arg);
}

static void
net_config_changed(struct virtio_device *v)
{
    struct virtio_net *n = v->driver_data;
    bool up = read_link(n);

    if (up == n->dev.link_up)
        return;
    n->dev.link_up = up;
    log_info("%s: link %s", n->dev.name, up ? "up" : "down");
    if (n->dev.user.changed)
        n->dev.user.changed(n->dev.user.arg);
}

/* A segment that was gathered on the way has only a partial checksum (5.1.3.1). ECN goes with
 * either TSO; devices offer both or none. */
static const struct virtio_dependency net_dependencies[] = {
    {VIRTIO_NET_F_GUEST_TSO4, VIRTIO_NET_F_GUEST_CSUM},
    {VIRTIO_NET_F_GUEST_TSO6, VIRTIO_NET_F_GUEST_CSUM},
    {VIRTIO_NET_F_GUEST_ECN, VIRTIO_NET_F_GUEST_TSO4},
    {0, 0},
};

static const struct virtio_driver net_driver = {
    .type = VIRTIO_ID_NET,
    .name = "virtio-net",
    .features = BIT(VIRTIO_NET_F_CSUM) | BIT(VIRTIO_NET_F_GUEST_CSUM) |
                BIT(VIRTIO_NET_F_GUEST_TSO4) | BIT(VIRTIO_NET_F_GUEST_TSO6) |
                BIT(VIRTIO_NET_F_GUEST_ECN) | BIT(VIRTIO_NET_F_MTU) | BIT(VIRTIO_NET_F_MAC) |
                BIT(VIRTIO_NET_F_MRG_RXBUF) | BIT(VIRTIO_NET_F_STATUS),
    .dependencies = net_dependencies,
    .probe = net_probe,
    .started = net_started,
    .stopped = net_stopped,
    .config_changed = net_config_changed,
};
ENLIST(virtio_drivers, net_driver);

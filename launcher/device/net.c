/*
 * The network device over anything that takes and gives whole frames: a tap, which speaks the
 * device's own header, or a socket to the user-mode network, which has none. Queue 0 receives,
 * queue 1 transmits. Both descriptors are our own and do not block, so all is done in the vCPU
 * thread, straight between the guest's buffers and the kernel.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>
#include "launcher/check/check.h"
#include "launcher/device/device.h"
#include "launcher/launcher.h"
#include "launcher/device/net.h"

#define RECEIVE  0
#define TRANSMIT 1
/* Frames that one call moves at most, so that no queue starves the others. */
#define BATCH       64
#define SINGLES_MAX 16 /* turns */

#define OFFLOADS                                                                            \
    (BIT(VIRTIO_NET_F_CSUM) | BIT(VIRTIO_NET_F_GUEST_CSUM) | BIT(VIRTIO_NET_F_GUEST_TSO4) | \
     BIT(VIRTIO_NET_F_GUEST_TSO6) | BIT(VIRTIO_NET_F_GUEST_ECN) |                           \
     BIT(VIRTIO_NET_F_HOST_TSO4) | BIT(VIRTIO_NET_F_HOST_TSO6) | BIT(VIRTIO_NET_F_HOST_ECN))

struct net {
    bool header; /* the descriptor takes and gives struct virtio_net_hdr */
    bool complained;
    unsigned singles; /* turns in a row in which one frame was all that there was */
    struct virtio_net_config config;
};

/* ---- receiving ---- */

/* Bytes with the header, or -1: nothing there. */
static ssize_t
receive(struct queue *q, struct chain *c)
{
    const struct net *net = q->device->state;
    if (net->header)
        return readv(q->fd, c->parts, c->nr_in);
    struct virtio_net_hdr header = {.gso_type = VIRTIO_NET_HDR_GSO_NONE};
    iov_write(c->parts, c->nr_in, &header, VIRTIO_NET_HDR_LEGACY);
    unsigned n = iov_skip(c->parts, c->nr_in, VIRTIO_NET_HDR_LEGACY);
    ssize_t len = readv(q->fd, c->parts, n);
    return len > 0 ? len + VIRTIO_NET_HDR_LEGACY : len;
}

/*
 * To look for another frame is a system call, which answers "none" where packets come one by one. So
 * after some turns of one frame each only every so many of them look further; what they leave, poll
 * tells of.
 */
static bool
expects_another(struct net *net, unsigned had)
{
    if (had == 1)
        net->singles++;
    else if (had > 1)
        net->singles = 0;
    return had != 1 || net->singles < SINGLES_MAX || net->singles % SINGLES_MAX == 0;
}

static void
serve_receive(struct queue *q)
{
    static struct chain c;
    struct net *net = q->device->state;
    unsigned n = 0;
    q->events = 0;
    while (q->device->running && q->fd >= 0 && ring_peek(q, &c)) {
        q->events = POLLIN;
        if (c.nr_out)
            ring_violation(q, "a readable descriptor in the receive queue");
        if (c.in_len <= VIRTIO_NET_HDR_LEGACY)
            ring_violation(q, "a receive buffer of %u bytes", c.in_len);
        HOOK(rules.buffer, (q, &c));
        if (!expects_another(net, n))
            break;
        ssize_t len = n++ < BATCH ? receive(q, &c) : -1;
        if (len == 0 || (len < 0 && n <= BATCH && errno != EAGAIN && errno != EINTR)) {
            warn("%s: the network has gone: %s", q->device->name,
                 len == 0 ? "its program ended" : strerror(errno));
            q->fd = -1; /* for sending, too late is told by each frame's error */
        }
        if (len <= 0)
            break;
        ring_take(q, &c);
        q->device->bytes_in += len;
        ring_put(q, c.head, len);
    }
    ring_interrupt(q);
}

/* ---- transmitting ---- */

/* False if it has to be tried again later. */
static bool
transmit(struct queue *q, struct chain *c)
{
    struct net *net = q->device->state;
    unsigned n = net->header ? c->nr_out : iov_skip(c->parts, c->nr_out, VIRTIO_NET_HDR_LEGACY);
    if (writev(q->fd, c->parts, n) >= 0)
        return true;
    if (errno == EAGAIN || errno == ENOBUFS)
        return false;
    if (!net->complained)
        warn("%s: a frame was dropped: %s", q->device->name, strerror(errno));
    net->complained = true;
    return true;
}

static void
serve_transmit(struct queue *q)
{
    static struct chain c;
    unsigned n = 0;
    q->events = 0;
    while (q->device->running && ring_peek(q, &c)) {
        if (c.nr_in)
            ring_violation(q, "a writable descriptor in the transmit queue");
        if (c.out_len <= VIRTIO_NET_HDR_LEGACY)
            ring_violation(q, "a frame of %u bytes, header included", c.out_len);
        HOOK(rules.frame, (q, &c));
        if (n++ == BATCH || !transmit(q, &c)) {
            q->events = POLLOUT;
            break;
        }
        ring_take(q, &c);
        q->device->bytes_out += c.out_len;
        ring_put(q, c.head, 0);
    }
    ring_interrupt(q);
}

static void
serve(struct queue *q)
{
    if (q->index == RECEIVE)
        serve_receive(q);
    else
        serve_transmit(q);
}

static void
reset(struct device *d)
{
    d->queues[RECEIVE].events = d->queues[TRANSMIT].events = 0;
}

static const struct device_ops ops = {.serve = serve, .reset = reset};

void
net_device(int fd, bool header, const uint8_t *mac)
{
    struct device *d = device_new(&ops, VIRTIO_ID_NET, 2);
    struct net *net = calloc(1, sizeof(*net));
    if (!net)
        die("out of memory");
    net->header = header;
    d->queues[RECEIVE].fd = d->queues[TRANSMIT].fd = fd;
    d->features = BIT(VIRTIO_F_RING_INDIRECT) | (header ? OFFLOADS : 0);
    if (mac) {
        d->features |= BIT(VIRTIO_NET_F_MAC);
        memcpy(net->config.mac, mac, sizeof(net->config.mac));
    }
    d->feature_len = 4;
    d->config = &net->config;
    d->config_len = sizeof(net->config);
    d->state = net;
}

/* ---- what the options have in common ---- */

bool
net_parse_mac(const char *text, uint8_t *mac)
{
    for (unsigned i = 0; i < 6; i++) {
        char *end;
        unsigned long byte = strtoul(text, &end, 16);
        if (end == text || end - text > 2 || *end != (i < 5 ? ':' : '\0'))
            return false;
        mac[i] = byte;
        text = end + 1;
    }
    return !(mac[0] & 1); /* a group address is nobody's own */
}

void
net_default_mac(const char *name, uint8_t *mac)
{
    static unsigned number; /* the second card of one name gets another address */
    uint32_t sum = 2166136261u + number++;
    for (; *name; name++)
        sum = (sum ^ (uint8_t)*name) * 16777619u;
    const uint8_t own[] = {0x52, 0x54, 0x00, sum >> 16, sum >> 8, sum};
    memcpy(mac, own, sizeof(own));
}

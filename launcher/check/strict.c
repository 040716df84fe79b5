/*
 * --strict: ends a guest that breaks a rule which this host would forgive, and another may not.
 * Which rules of the virtio specification these are, docs/launcher.md says in a table. They read
 * for themselves what they judge and change nothing, so a guest that keeps them sees the same host.
 */
#include <stddef.h>
#include <string.h>
#include "launcher/check/check.h"
#include "launcher/device/device.h"
#include "launcher/guest.h"
#include "launcher/launcher.h"

#define STARTED (VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_DRIVER_OK)
#define SIZE    LGUEST_VRING_SIZE
#define SECTOR  512

#define ETHERNET_MIN  14
#define ETHERNET_MAX  1514
#define TSO_FRAME_MAX 65550

struct rules rules;

/* ---- start ---- */

/* Everything but the status and the accepted features is the host's to write. */
static void
check_descriptor(const struct device *d, const uint8_t *now, const uint8_t *then)
{
    uint32_t accepted =
        LGUEST_DESC_HEADER + d->nr_queues * LGUEST_VQCONFIG_SIZE + d->feature_len;
    for (uint32_t i = 0; i < d->desc_len; i++) {
        bool theirs = i == offsetof(struct lguest_device_desc, status) ||
                      (i >= accepted && i < accepted + d->feature_len);
        if (!theirs && now[i] != then[i])
            die("strict: %s: byte %u of its descriptor was changed", d->name, i);
    }
}

static void
start(const struct device *d, uint8_t status, const uint8_t *now, const uint8_t *then)
{
    static const struct {
        uint8_t type, bit, needs;
    } dependencies[] = {
        {VIRTIO_ID_NET, VIRTIO_NET_F_GUEST_TSO4, VIRTIO_NET_F_GUEST_CSUM},
        {VIRTIO_ID_NET, VIRTIO_NET_F_GUEST_TSO6, VIRTIO_NET_F_GUEST_CSUM},
        {VIRTIO_ID_NET, VIRTIO_NET_F_HOST_TSO4, VIRTIO_NET_F_CSUM},
        {VIRTIO_ID_NET, VIRTIO_NET_F_HOST_TSO6, VIRTIO_NET_F_CSUM},
    };
    check_descriptor(d, now, then);
    if ((status & STARTED) != STARTED)
        die("strict: %s: started with status %#x; ACKNOWLEDGE, DRIVER and DRIVER_OK belong "
            "there",
            d->name, status);
    uint64_t beyond = d->accepted & ~d->features;
    if (beyond)
        die("strict: %s: features %#lx were accepted but not offered", d->name, beyond);
    for (unsigned i = 0; i < sizeof(dependencies) / sizeof(dependencies[0]); i++)
        if (d->type == dependencies[i].type && device_has(d, dependencies[i].bit) &&
            !device_has(d, dependencies[i].needs))
            die("strict: %s: feature %u was accepted without %u, which it needs", d->name,
                dependencies[i].bit, dependencies[i].needs);
}

/* ---- rings ---- */

/*
 * The indirect tables that were made available and are not used yet: a driver has to leave them
 * alone (virtio 1.2, 2.7.5.3.1), which may be long for a receive buffer. Nothing can be allocated
 * while a guest runs, so there is room for every queue, by its interrupt line.
 */
static struct tables {
    uint16_t last; /* what was available at the last kick */
    struct {
        uint32_t address, len, sum; /* len 0: not in flight */
    } of[SIZE];
} tables[DEVICE_LINES + 1];

static void
reset(const struct queue *q)
{
    memset(&tables[q->irq], 0, sizeof(tables[q->irq]));
}

/* FNV-1a. */
static uint32_t
sum(uint32_t address, uint32_t len)
{
    const uint8_t *at = memory_at(address, len);
    uint32_t sum = 2166136261u;
    for (uint32_t i = 0; i < len; i++)
        sum = (sum ^ at[i]) * 16777619u;
    return sum;
}

/* Heads and tables are checked by ring.c when their turn comes. */
static void
kick(const struct queue *q)
{
    uint16_t flags = *(volatile uint16_t *)&q->avail->flags;
    if (flags > VRING_AVAIL_F_NO_INTERRUPT)
        ring_violation(q, "strict: unknown flags %#x in the available ring", flags);
    struct tables *t = &tables[q->irq];
    uint16_t idx = *(volatile uint16_t *)&q->avail->idx;
    for (unsigned n = 0; n < SIZE && t->last != idx; n++) {
        uint16_t head = q->avail->ring[t->last++ % SIZE] % SIZE;
        struct vring_desc desc = q->desc[head];
        __asm__ volatile("" : "+m"(desc)); /* one reading */
        bool usable = desc.flags & VRING_DESC_F_INDIRECT && desc.addr <= UINT32_MAX &&
                      memory_at(desc.addr, desc.len);
        t->of[head].address = desc.addr;
        t->of[head].len = usable ? desc.len : 0;
        t->of[head].sum = usable ? sum(desc.addr, desc.len) : 0;
    }
}

static void
indirect(const struct queue *q, uint16_t head)
{
    if (!device_has(q->device, VIRTIO_F_RING_INDIRECT))
        ring_violation(q, "strict: request %u: INDIRECT was not accepted", head);
}

static void
put(const struct queue *q, uint16_t head)
{
    struct tables *t = &tables[q->irq];
    if (t->of[head].len && sum(t->of[head].address, t->of[head].len) != t->of[head].sum)
        ring_violation(q, "strict: the indirect table of request %u changed in flight", head);
    t->of[head].len = 0;
}

/* ---- network ---- */

static void
buffer(const struct queue *q, const struct chain *c)
{
    bool large = device_has(q->device, VIRTIO_NET_F_GUEST_TSO4) ||
                 device_has(q->device, VIRTIO_NET_F_GUEST_TSO6);
    uint32_t least = VIRTIO_NET_HDR_LEGACY + (large ? TSO_FRAME_MAX : ETHERNET_MAX);
    if (c->in_len < least)
        ring_violation(q, "strict: a receive buffer of %u bytes; the features accepted need %u",
                       c->in_len, least);
}

static void
frame(const struct queue *q, const struct chain *c)
{
    const struct device *d = q->device;
    struct virtio_net_hdr header;
    iov_read(c->parts, c->nr_out, &header, VIRTIO_NET_HDR_LEGACY);
    uint32_t len = c->out_len - VIRTIO_NET_HDR_LEGACY;
    bool partial = header.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM;
    unsigned gso = header.gso_type & ~VIRTIO_NET_HDR_GSO_ECN;
    if (len < ETHERNET_MIN)
        ring_violation(q, "strict: a frame of %u bytes", len);
    if (header.flags & ~VIRTIO_NET_HDR_F_NEEDS_CSUM)
        ring_violation(q, "strict: flags %#x in the header of a frame to send", header.flags);
    if (partial && !device_has(d, VIRTIO_NET_F_CSUM))
        ring_violation(q, "strict: a partial checksum, and CSUM was not accepted");
    if (partial && (uint32_t)header.csum_start + header.csum_offset + 2 > len)
        ring_violation(q, "strict: the checksum's place %u + %u is outside of the frame of %u",
                       header.csum_start, header.csum_offset, len);
    if (gso == VIRTIO_NET_HDR_GSO_NONE) {
        if (len > ETHERNET_MAX)
            ring_violation(q, "strict: a frame of %u bytes without segmentation", len);
        return;
    }
    unsigned needs = gso == VIRTIO_NET_HDR_GSO_TCPV4   ? VIRTIO_NET_F_HOST_TSO4
                     : gso == VIRTIO_NET_HDR_GSO_TCPV6 ? VIRTIO_NET_F_HOST_TSO6
                                                       : VIRTIO_NET_F_HOST_UFO;
    if (!device_has(d, needs) || !partial || header.gso_size == 0)
        ring_violation(q, "strict: segmentation of type %u, not accepted or incomplete", gso);
}

/* ---- disks ---- */

/* The last writable byte; there is one. */
static uint8_t
status_before(const struct chain *c)
{
    const struct iovec *last = &c->parts[c->nr_out + c->nr_in - 1];
    while (last->iov_len == 0)
        last--;
    return ((const uint8_t *)last->iov_base)[last->iov_len - 1];
}

static void
check_place(const struct queue *q, uint64_t sector, uint32_t len)
{
    const struct virtio_blk_config *config = q->device->config;
    bool past = sector > config->capacity || len > (config->capacity - sector) * SECTOR;
    if (past || len % SECTOR)
        ring_violation(q,
                       "strict: sector %ld: a request past the disk's end, or "
                       "not of whole sectors",
                       (long)sector);
}

static void
block(const struct queue *q, const struct chain *c)
{
    const struct virtio_blk_config *config = q->device->config;
    struct virtio_blk_req_hdr header;
    iov_read(c->parts, c->nr_out, &header, sizeof(header));
    uint8_t status = status_before(c);
    if (status <= VIRTIO_BLK_S_UNSUPP)
        ring_violation(q,
                       "strict: the status byte was %u before the request, so an "
                       "answer that never came would look like one",
                       status);
    if (c->parts[0].iov_len != sizeof(header))
        ring_violation(q, "strict: the header is not a descriptor of its own");
    if (header.type != VIRTIO_BLK_T_IN && header.type != VIRTIO_BLK_T_OUT &&
        header.type != VIRTIO_BLK_T_FLUSH)
        ring_violation(q,
                       "strict: request type %u, which the original host takes for "
                       "something else",
                       header.type);
    unsigned parts = c->nr_out + c->nr_in - 2;
    if (parts > config->seg_max)
        ring_violation(q, "strict: %u parts, more than seg_max", parts);
    if (header.type == VIRTIO_BLK_T_FLUSH) {
        if (!device_has(q->device, VIRTIO_BLK_F_FLUSH))
            ring_violation(q, "strict: a flush, which was not accepted");
        return;
    }
    bool out = header.type == VIRTIO_BLK_T_OUT;
    check_place(q, header.sector, out ? c->out_len - sizeof(header) : c->in_len - 1);
    if (out && q->device->features & BIT(VIRTIO_BLK_F_RO))
        ring_violation(q, "strict: a write to a read-only disk");
}

/* ---- calls ---- */

static void
halt(uint32_t eip)
{
    die("strict: HALT at %#x, inside the no-interrupt range, never wakes", eip);
}

static void
gdt(uint32_t entry)
{
    die("strict: GDT entry %u: only %u can be loaded under this launcher", entry,
        GUEST_TLS_INDEX);
}

static void
swallowed(unsigned vector, uint32_t eip)
{
    die("strict: int $%#x at %#x goes to an interrupt gate, which the host swallows; "
        "load a trap gate",
        vector, eip);
}

static void
stack(uint32_t eip, uint32_t esp)
{
    if (!paging_allows(esp, false))
        die("strict: at %#x esp is %#x, which is not mapped: the host looks there", eip, esp);
}

void
strict_choose(void)
{
    rules = (struct rules){
        .start = start,
        .reset = reset,
        .kick = kick,
        .indirect = indirect,
        .put = put,
        .buffer = buffer,
        .frame = frame,
        .block = block,
        .halt = halt,
        .gdt = gdt,
        .swallowed = swallowed,
        .stack = stack,
    };
}

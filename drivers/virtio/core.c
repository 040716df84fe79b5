/*
 * The virtio core: the list of devices, which driver gets which, and the order of events from
 * a device's discovery to its end (virtio 1.2, 3.1.1), the same for every transport.
 *
 * Two rules run through it. Status bits are only added, and a device's memory is only taken
 * back after a reset that was seen to finish: a device that will not be reset keeps what it
 * was given for ever.
 *
 * Everything here runs in threads or deferred work, but for the two functions that a
 * transport's interrupt handler calls, and the shutdown hook.
 */
#include "drivers/virtio/ring/ring.h"
#include "kernel/kernel.h"
#include "kernel/string.h"

ENLIST_DECLARE(virtio_drivers);

/* A reset may take a device a while (2.4.1: until its requests are settled). */
#define RESET_TIMEOUT (2 * NSEC_PER_SEC)
/* For where the clock may stand still, as in a panic: each look costs about a microsecond. */
#define RESET_LOOKS 1000000
/* A device that asks for a reset more often than this is given up. Counted anew in each period,
 * since one that stumbles once in a while does so for as long as the guest runs. */
#define RESETS_MAX    16
#define RESETS_PERIOD (3600 * NSEC_PER_SEC)

static struct list devices = LIST_INIT(devices);

struct virtio_device *
virtio_device_next(struct virtio_device *after)
{
    struct list *next = after ? after->link.next : devices.next;

    return next == &devices ? NULL : container_of(next, struct virtio_device, link);
}

/* ---- status ---- */

static void
status_add(struct virtio_device *v, uint8_t bits)
{
    v->transport->set_status(v, v->transport->get_status(v) | bits);
}

/* Ask, then wait until the device says 0 (2.4.2: not before that may it be used again). One
 * that did not get there once is not asked a second time. */
static int
device_reset(struct virtio_device *v)
{
    uint64_t deadline = clock_now() + RESET_TIMEOUT;

    if (v->stuck)
        return -ETIMEDOUT;
    v->transport->set_status(v, 0);
    for (unsigned looks = 0; v->transport->get_status(v) != 0; looks++) {
        if (looks < RESET_LOOKS && clock_now() <= deadline)
            continue;
        v->stuck = true;
        return -ETIMEDOUT;
    }
    return 0;
}

/* ---- features ---- */

/* Bits 24 to 49 belong to rings and transports (6), so a driver cannot ask for one. */
#define RESERVED_BITS ((BIT(50) - 1) & ~(BIT(24) - 1))

/*
 * What the core serves of them. ANY_LAYOUT and VERSION_1: drivers look at them to lay out
 * their headers. ACCESS_PLATFORM: device addresses go through an IOMMU if one translates; as
 * we never switch one on, bus addresses are physical addresses, which is what we hand out.
 * ORDER_PLATFORM: on x86 the barriers between processors hold for devices too.
 */
#define CORE_BITS                                                                            \
    (BIT(VIRTIO_F_ANY_LAYOUT) | BIT(VIRTIO_F_RING_INDIRECT) | BIT(VIRTIO_F_RING_EVENT_IDX) | \
     BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_F_ACCESS_PLATFORM) | BIT(VIRTIO_F_RING_PACKED) |   \
     BIT(VIRTIO_F_ORDER_PLATFORM))

/* The table ends with {0, 0}, the only entry that names one bit twice. */
static uint64_t
without_unmet(uint64_t bits, const struct virtio_dependency *d)
{
    for (; d->bit != d->needs; d++)
        if (!(bits >> d->needs & 1))
            bits &= ~(UINT64_C(1) << d->bit);
    return bits;
}

uint64_t
virtio_features_accept(uint64_t offered, uint64_t wanted, bool modern,
                       const struct virtio_dependency *dependencies)
{
    uint64_t bits = offered & ((wanted & ~RESERVED_BITS) | CORE_BITS), before;

    /* A legacy transport has 32 bits (2.2.3). */
    if (!modern)
        bits &= UINT32_MAX;
    if (!dependencies)
        return bits;
    /* One that goes may take others along; each round but the last loses a bit. */
    do {
        before = bits;
        bits = without_unmet(bits, dependencies);
    } while (bits != before);
    return bits;
}

/* 3.1.1 steps 4 to 6; -EPROTO with the reason in *why. */
static int
features_settle(struct virtio_device *v, const char **why)
{
    const struct virtio_transport *t = v->transport;

    v->offered = t->get_features(v);
    v->negotiated = virtio_features_accept(v->offered, v->driver->features, t->modern,
                                           v->driver->dependencies);
    if (t->modern && !virtio_has(v, VIRTIO_F_VERSION_1)) {
        *why = "a modern device has to offer VERSION_1";
        return -EPROTO;
    }
    t->set_features(v, v->negotiated);
    if (!t->modern)
        return 0;
    status_add(v, VIRTIO_STATUS_FEATURES_OK);
    if (!(t->get_status(v) & VIRTIO_STATUS_FEATURES_OK)) {
        *why = "it refuses the features that were accepted of its offer";
        return -EPROTO;
    }
    return 0;
}

/* ---- up and down ---- */

/* The device writes to no memory any more: tokens back to the driver, rings away. Nothing to
 * do on the first start. */
static void
take_back(struct virtio_device *v)
{
    v->transport->stop(v);
    if (v->driver_data)
        v->driver->stopped(v);
    for (unsigned i = 0; i < v->nr_queues; i++)
        queue_release(v->queues[i]);
}

/* Reset did not finish: the device may still write, so nothing is freed, now or later. */
static void
abandon(struct virtio_device *v)
{
    v->transport->stop(v);
    for (unsigned i = 0; i < v->nr_queues; i++)
        if (v->queues[i]->ring && !v->queues[i]->broken)
            vq_break(v->queues[i], "the device does not finish its reset");
}

static void
give_up(struct virtio_device *v, const char *why, int error)
{
    log_error("%s: %s does not work: %s (error %d)", v->where, v->driver->name, why, -error);
    v->running = false;
    v->failed = true;
    if (device_reset(v) == 0)
        take_back(v);
    else
        abandon(v);
    status_add(v, VIRTIO_STATUS_FAILED);
}

/* 3.1.1 from step 2 on, on a device that has been reset. */
static int
bring_up(struct virtio_device *v, const char **why)
{
    status_add(v, VIRTIO_STATUS_ACKNOWLEDGE);
    status_add(v, VIRTIO_STATUS_DRIVER);
    int error = features_settle(v, why);
    if (error)
        return error;
    *why = "its queues or its configuration cannot be used";
    error = v->driver->probe(v);
    if (error)
        return error;
    *why = "its interrupt cannot be connected";
    error = v->transport->start(v);
    if (error)
        return error;
    /* Before the bit, since the first interrupt may come before set_status returns. */
    v->running = true;
    status_add(v, VIRTIO_STATUS_DRIVER_OK);
    return 0;
}

static void
device_start(struct virtio_device *v)
{
    const char *why;

    int error = device_reset(v);
    if (error) {
        give_up(v, "its reset does not finish", error);
        return;
    }
    take_back(v);
    error = bring_up(v, &why);
    if (error) {
        give_up(v, why, error);
        return;
    }
    v->driver->started(v);
}

/* Count one more; true if that is too many. */
static bool
too_many_resets(struct virtio_device *v)
{
    uint64_t now = clock_now();

    v->resets++;
    if (now - v->period_start >= RESETS_PERIOD) {
        v->period_start = now;
        v->period_resets = 0;
    }
    return ++v->period_resets > RESETS_MAX;
}

/* DEVICE_NEEDS_RESET (2.1.1), or a driver that gave up hope: everything from the start. */
static void
recover(struct virtio_device *v, const char *why)
{
    log_warn("%s: %s starts over: %s", v->where, v->driver->name, why);
    v->trouble = NULL;
    v->running = false;
    if (too_many_resets(v)) {
        give_up(v, "it needed too many resets within an hour", -EIO);
        return;
    }
    device_start(v);
}

void
virtio_recover(struct virtio_device *v, const char *why)
{
    if (!v->hopeless)
        v->trouble = why;
    defer_mark(&v->config_work);
}

void
virtio_give_up(struct virtio_device *v, const char *why)
{
    v->trouble = why;
    v->hopeless = true;
    defer_mark(&v->config_work);
}

static void
config_work(void *arg)
{
    struct virtio_device *v = arg;

    if (!v->running)
        return;
    if (v->hopeless)
        give_up(v, v->trouble, -EIO);
    else if (v->transport->get_status(v) & VIRTIO_STATUS_NEEDS_RESET)
        recover(v, "the device asks for a reset");
    else if (v->trouble)
        recover(v, v->trouble);
    else if (v->driver->config_changed)
        v->driver->config_changed(v);
}

const struct virtio_driver *
virtio_driver_find(uint16_t type)
{
    ENLIST_FOREACH(virtio_drivers, const struct virtio_driver, driver)
        if (driver->type == type)
            return driver;
    return NULL;
}

void
virtio_device_found(struct virtio_device *v)
{
    list_append(&devices, &v->link);
    v->config_work.run = config_work;
    v->config_work.arg = v;
    v->driver = virtio_driver_find(v->type);
    /* Nobody here wants it: it stays as the firmware left it. */
    if (v->driver)
        device_start(v);
}

/* ---- interrupts ---- */

void
virtio_queue_interrupt(struct virtio_device *v)
{
    v->interrupts++;
    /* Rings exist between bring-up and reset only; outside, an interrupt means nothing. */
    if (!v->running)
        return;
    for (unsigned i = 0; i < v->nr_queues; i++)
        queue_mark(v->queues[i]);
}

void
virtio_config_interrupt(struct virtio_device *v)
{
    v->config_changes++;
    if (v->running)
        defer_mark(&v->config_work);
}

/* ---- configuration ---- */

/* A device that changes its configuration faster than it can be read is not sane. */
#define CONFIG_TRIES 64

/* Each access has the field's own width (4.1.3.1, 4.2.2.2): 64 bits are two halves, and what is no
 * number is an array of bytes. */
static size_t
field_width(size_t len)
{
    return len == 2 ? 2 : len == 4 || len == 8 ? 4 : 1;
}

static bool
config_holds(struct virtio_device *v, size_t offset, size_t len)
{
    size_t size = v->transport->config_size(v);

    return offset <= size && len <= size - offset && offset % field_width(len) == 0;
}

static int
config_get(struct virtio_device *v, size_t offset, void *to, size_t len)
{
    size_t width = field_width(len);

    if (!config_holds(v, offset, len))
        return -EINVAL;
    for (size_t at = 0; at < len; at += width) {
        uint32_t value = v->transport->config_read(v, offset + at, width);
        memcpy((char *)to + at, &value, width);
    }
    return 0;
}

int
virtio_config_write32(struct virtio_device *v, size_t offset, uint32_t value)
{
    if (!config_holds(v, offset, sizeof(value)))
        return -EINVAL;
    v->transport->config_write32(v, offset, value);
    return 0;
}

/* One reading that no change cut in two (2.5.1): the generation stood still, or, on transports
 * without one, two readings in a row are the same. */
static bool
config_read_once(struct virtio_device *v, size_t offset, void *to, size_t len, int *error)
{
    uint8_t again[VIRTIO_CONFIG_MAX];
    uint32_t generation = v->transport->modern ? v->transport->config_generation(v) : 0;

    *error = config_get(v, offset, to, len);
    if (*error)
        return true;
    if (v->transport->modern)
        return v->transport->config_generation(v) == generation;
    *error = config_get(v, offset, again, len);
    return *error || memcmp(to, again, len) == 0;
}

int
virtio_config_read(struct virtio_device *v, size_t offset, void *out, size_t len)
{
    uint8_t value[VIRTIO_CONFIG_MAX];
    int error;

    if (len == 0 || len > sizeof(value))
        return -EINVAL;
    for (unsigned tries = 0; tries < CONFIG_TRIES; tries++) {
        if (!config_read_once(v, offset, value, len, &error))
            continue;
        if (error == 0)
            memcpy(out, value, len);
        return error;
    }
    log_warn("%s: the configuration at offset %zu never settles", v->where, offset);
    return -EIO;
}

#define CONFIG_READ(bits)                                                                     \
    int virtio_config_read##bits(struct virtio_device *v, size_t offset, uint##bits##_t *out) \
    {                                                                                         \
        return virtio_config_read(v, offset, out, sizeof(*out));                              \
    }

CONFIG_READ(8)
CONFIG_READ(16)
CONFIG_READ(32)
CONFIG_READ(64)

/* ---- the end ---- */

/*
 * Memory is about to become somebody else's: no device may write to it any more. Any context,
 * so interrupts may be off and the clock may stand still; device_reset is bounded by both.
 */
static void
shutdown_run(void)
{
    list_foreach(it, &devices)
    {
        struct virtio_device *v = container_of(it, struct virtio_device, link);
        if (!v->driver)
            continue;
        v->running = false;
        for (unsigned i = 0; i < v->nr_queues; i++)
            v->queues[i]->broken = true;
        device_reset(v);
    }
}

static const struct shutdown_hook shutdown = {shutdown_run};
ENLIST(shutdown, shutdown);

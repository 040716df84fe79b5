/*
 * The virtio entropy device (virtio 1.2, 5.4): one queue on which the device fills buffers
 * with random bytes. One private buffer is enough. It is the device's until that fills it, however
 * long it takes: a host may give few bytes a second. Then readers empty it, and it goes back.
 */
#include "drivers/virtio/virtio.h"
#include "kernel/enlist.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "kernel/string.h"

DEVICE_CLASS_DRIVER(entropy);

#define BUFFER_SIZE 256

struct virtio_entropy {
    struct entropy_device dev;
    struct virtio_device *v;
    struct virtqueue *queue;
    bool in_flight; /* the buffer is the device's */
    bool registered;
    uint32_t first, end; /* unread bytes of the buffer */
    char buffer[BUFFER_SIZE];
};

/* Hand the buffer to the device, if it is ours and empty. */
static int
refill(struct virtio_entropy *e)
{
    struct sg part = {e->buffer, sizeof(e->buffer)};
    int error;

    if (e->in_flight)
        return 0;
    error = vq_add(e->queue, &part, 0, 1, e);
    if (error)
        return error;
    e->in_flight = true;
    vq_kick(e->queue);
    return 0;
}

/* Each byte is handed out once, and not left lying about. */
static int
entropy_take(struct entropy_device *dev, void *to, size_t size)
{
    struct virtio_entropy *e = container_of(dev, struct virtio_entropy, dev);
    uint32_t n = (uint32_t)MIN(size, (size_t)(e->end - e->first));
    int error = 0;

    memcpy(to, e->buffer + e->first, n);
    memset(e->buffer + e->first, 0, n);
    e->first += n;
    if (e->first == e->end)
        error = e->v->running ? refill(e) : -EIO;
    return n > 0 ? (int)n : error;
}

/*
 * The length is the device's word and is believed up to what was offered (vq_reap cuts it). A
 * buffer without a byte in it breaks a rule (5.4.6.2) and would keep a reader asking.
 */
static void
entropy_arrived(struct virtqueue *q)
{
    struct virtio_entropy *e = q->device->driver_data;
    uint32_t len;

    if (vq_reap(q, &len)) {
        e->in_flight = false;
        e->first = 0;
        e->end = len;
        if (len == 0)
            vq_break(q, "a buffer came back without random bytes");
    }
    entropy_changed();
}

static int
entropy_probe(struct virtio_device *v)
{
    struct virtio_entropy *e = v->driver_data;

    if (!e) {
        e = kmalloc(sizeof(*e));
        if (!e)
            return -ENOMEM;
        e->v = v;
        e->dev.name = "virtio-rng";
        e->dev.read = entropy_take;
        v->driver_data = e;
    }
    return virtio_queue_new(v, 0, "requests", entropy_arrived, &e->queue);
}

static void
entropy_started(struct virtio_device *v)
{
    struct virtio_entropy *e = v->driver_data;

    if (!e->registered)
        entropy_register(&e->dev);
    e->registered = true;
    entropy_changed();
}

static void
entropy_stopped(struct virtio_device *v)
{
    struct virtio_entropy *e = v->driver_data;

    while (vq_detach(e->queue))
        e->in_flight = false;
    entropy_changed();
}

static const struct virtio_driver entropy_driver = {
    .type = VIRTIO_ID_ENTROPY,
    .name = "virtio-rng",
    .dependencies = (const struct virtio_dependency[]){{0, 0}},
    .probe = entropy_probe,
    .started = entropy_started,
    .stopped = entropy_stopped,
};
ENLIST(virtio_drivers, entropy_driver);

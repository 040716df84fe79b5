/*
 * The virtio console (virtio 1.2, 5.3), port 0 only: without MULTIPORT there are two queues,
 * and a line of text needs no more. Output must work in a panic, with interrupts off and
 * whatever was interrupted, so a write copies into private buffers, polls, never sleeps and
 * never allocates, and gives up on a host that does not read after a bounded time.
 */
#include "drivers/virtio/virtio.h"
#include "kernel/enlist.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "kernel/string.h"

#define CONSOLE_RANK 10 /* above a serial port */

#define IN_BUFFERS  8
#define OUT_BUFFERS 8
#define BUFFER_SIZE 500 /* bytes; with its books a buffer is an eighth of a page */

/* A host that takes no buffer for this long is not reading. The clock of some machines stands
 * still while interrupts are off, so the number of looks is a limit as well. */
#define STALL_TIME  (500 * NSEC_PER_MSEC)
#define STALL_LOOKS (1u << 22)

enum { QUEUE_IN = 0, QUEUE_OUT = 1 };

struct in_buffer {
    struct in_buffer *next; /* in the list of what arrived */
    uint16_t len, taken;    /* bytes arrived, and read of them */
    bool held;              /* in that list: not the device's */
    char text[BUFFER_SIZE];
};

struct out_buffer {
    bool in_flight;
    char text[BUFFER_SIZE];
};

struct virtio_console {
    struct console_device dev;
    struct virtio_device *v;
    char name[8];
    struct virtqueue *in, *out; /* valid while v->running */
    struct in_buffer *arrived, **arrived_end;
    volatile bool in_verb; /* inside the output ring: who comes in now interrupted it */
    bool stalled;          /* the host did not read; no more waiting until it does */
    struct in_buffer in_buffers[IN_BUFFERS];
    struct out_buffer out_buffers[OUT_BUFFERS];
};

static unsigned nr_consoles;

/* ---- output ---- */

/*
 * Round the queue: the emergency write register where the device has one (5.3.4), else the
 * platform's early console.
 */
static void
write_directly(struct virtio_console *c, const char *text, size_t len)
{
    size_t at = offsetof(struct virtio_console_config, emerg_wr);

    for (size_t i = 0; i < len; i++) {
        uint32_t character = (unsigned char)text[i];
        if (!virtio_has(c->v, VIRTIO_CONSOLE_F_EMERG_WRITE) ||
            c->v->transport->set_config(c->v, at, &character, sizeof(character)) < 0) {
            platform->early_write(text + i, len - i);
            return;
        }
    }
}

/* Take back what the device has read; true if there was anything. */
static bool
collect_output(struct virtio_console *c)
{
    struct out_buffer *b;
    bool any = false;

    c->in_verb = true;
    while ((b = vq_reap(c->out, NULL))) {
        b->in_flight = false;
        any = true;
    }
    c->in_verb = false;
    return any;
}

/* Wait until the device gives a buffer back; false if it does not in time. */
static bool
wait_for_host(struct virtio_console *c)
{
    uint64_t limit = clock_now() + (c->stalled ? 0 : STALL_TIME);

    for (unsigned looks = 0; looks < STALL_LOOKS; looks++) {
        if (collect_output(c)) {
            c->stalled = false;
            return true;
        }
        if (clock_now() >= limit || c->out->broken)
            break;
    }
    c->stalled = true;
    return false;
}

static struct out_buffer *
find_free(struct virtio_console *c)
{
    for (int i = 0; i < OUT_BUFFERS; i++)
        if (!c->out_buffers[i].in_flight)
            return &c->out_buffers[i];
    return NULL;
}

static bool
any_in_flight(const struct virtio_console *c)
{
    for (int i = 0; i < OUT_BUFFERS; i++)
        if (c->out_buffers[i].in_flight)
            return true;
    return false;
}

/* Hand up to a buffer full to the device; bytes taken, 0 if there is no room in time. */
static size_t
send_some(struct virtio_console *c, const char *text, size_t len)
{
    struct out_buffer *b = find_free(c);
    struct sg part;
    int error;

    if (!b && wait_for_host(c))
        b = find_free(c);
    if (!b)
        return 0;
    part = (struct sg){b->text, (uint32_t)MIN(len, sizeof(b->text))};
    memcpy(b->text, text, part.len);
    c->in_verb = true;
    error = vq_add(c->out, &part, 1, 0, b);
    if (error == 0) {
        b->in_flight = true;
        vq_kick(c->out);
    }
    c->in_verb = false;
    return error ? 0 : part.len;
}

/*
 * Returns when the host has read it all: what a program printed before it crashed is on the
 * terminal. What could not be handed over in time is dropped and counted.
 */
static void
vcon_write(struct console_device *dev, const char *text, size_t len)
{
    struct virtio_console *c = list_entry(dev, struct virtio_console, dev);
    size_t n = 1;

    if (!c->v->running || c->in_verb || c->out->broken) {
        write_directly(c, text, len);
        return;
    }
    collect_output(c);
    for (; len > 0 && n > 0; text += n, len -= n)
        n = send_some(c, text, len);
    dev->dropped += len;
    while (any_in_flight(c) && wait_for_host(c))
        ;
}

/* ---- input ---- */

static void
post(struct virtio_console *c, struct in_buffer *b)
{
    struct sg part = {b->text, sizeof(b->text)};

    b->held = false;
    /* Cannot fail on a healthy ring: it was made with room for every buffer. */
    (void)vq_add(c->in, &part, 0, 1, b);
}

/* An empty buffer goes straight back, so the loop is bounded by more than the device. */
static void
collect_input(struct virtio_console *c)
{
    struct in_buffer *b;
    uint32_t len;

    for (int i = 0; i < IN_BUFFERS && (b = vq_reap(c->in, &len)); i++) {
        if (len == 0) {
            post(c, b);
            continue;
        }
        b->len = (uint16_t)len;
        b->taken = 0;
        b->held = true;
        b->next = NULL;
        *c->arrived_end = b;
        c->arrived_end = &b->next;
    }
    vq_kick(c->in);
}

static size_t
vcon_read(struct console_device *dev, char *to, size_t size)
{
    struct virtio_console *c = list_entry(dev, struct virtio_console, dev);
    struct in_buffer *b;
    size_t n = 0;

    if (!c->v->running)
        return 0;
    collect_input(c);
    while (n < size && (b = c->arrived)) {
        size_t take = MIN(size - n, (size_t)(b->len - b->taken));
        memcpy(to + n, b->text + b->taken, take);
        n += take;
        b->taken += (uint16_t)take;
        if (b->taken < b->len)
            break;
        c->arrived = b->next;
        if (!c->arrived)
            c->arrived_end = &c->arrived;
        post(c, b);
    }
    vq_kick(c->in);
    return n;
}

static void
input_arrived(struct virtqueue *q)
{
    struct virtio_console *c = q->device->driver_data;

    collect_input(c);
    if (c->arrived)
        wake_all(&c->dev.readable);
    if (vq_irq_on(q))
        defer_mark(&q->work);
}

/* ---- bring-up ---- */

/* The size in characters, if the device says it (5.3.4). */
static void
read_size(struct virtio_console *c)
{
    uint16_t columns = 0, rows = 0;

    if (!virtio_has(c->v, VIRTIO_CONSOLE_F_SIZE))
        return;
    if (virtio_config_read16(c->v, offsetof(struct virtio_console_config, cols), &columns) ||
        virtio_config_read16(c->v, offsetof(struct virtio_console_config, rows), &rows))
        return;
    c->dev.columns = columns;
    c->dev.rows = rows;
}

static struct virtio_console *
vcon_new(struct virtio_device *v)
{
    struct virtio_console *c = kmalloc(sizeof(*c));

    if (!c)
        return NULL;
    c->v = v;
    c->arrived_end = &c->arrived;
    c->dev.name = c->name;
    c->dev.rank = CONSOLE_RANK;
    c->dev.write = vcon_write;
    c->dev.read = vcon_read;
    return c;
}

static int
vcon_probe(struct virtio_device *v)
{
    struct virtio_console *c = v->driver_data;
    int error;

    if (!c)
        c = v->driver_data = vcon_new(v);
    if (!c)
        return -ENOMEM;
    error = virtio_queue_new(v, QUEUE_IN, "in", input_arrived, &c->in);
    if (error == 0)
        error = virtio_queue_new(v, QUEUE_OUT, "out", NULL, &c->out);
    if (error)
        return error;
    vq_irq_off(c->out);
    for (int i = 0; i < IN_BUFFERS && i < c->in->size; i++)
        if (!c->in_buffers[i].held)
            post(c, &c->in_buffers[i]);
    read_size(c);
    return 0;
}

static void
vcon_started(struct virtio_device *v)
{
    struct virtio_console *c = v->driver_data;

    vq_kick(c->in);
    if (c->name[0])
        return;
    ksnprintf(c->name, sizeof(c->name), "hvc%u", nr_consoles++);
    console_register(&c->dev);
}

/* The device forgot its buffers; those that hold input stay for the reader. */
static void
vcon_stopped(struct virtio_device *v)
{
    struct virtio_console *c = v->driver_data;
    struct out_buffer *b;

    while (vq_detach(c->in))
        ;
    while ((b = vq_detach(c->out)))
        b->in_flight = false;
    c->stalled = false;
}

static void
vcon_config_changed(struct virtio_device *v)
{
    struct virtio_console *c = v->driver_data;

    read_size(c);
    wake_all(&c->dev.readable);
}

static const struct virtio_driver console_driver = {
    .type = VIRTIO_ID_CONSOLE,
    .name = "virtio-console",
    .features = 1ull << VIRTIO_CONSOLE_F_SIZE | 1ull << VIRTIO_CONSOLE_F_EMERG_WRITE,
    .dependencies = (const struct virtio_dependency[]){{0, 0}},
    .probe = vcon_probe,
    .started = vcon_started,
    .stopped = vcon_stopped,
    .config_changed = vcon_config_changed,
};
ENLIST(virtio_drivers, console_driver);

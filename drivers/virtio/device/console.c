/*
 * The virtio console (virtio 1.2, 5.3), port 0 only: without MULTIPORT there are two queues,
 * and a line of text needs no more. Output is copied into private buffers that are used in turn.
 * Nothing here waits: a full set of buffers is told as no room, and whoever wants more sleeps
 * until the device's interrupt says that there is some. So output works in a panic as well, with
 * interrupts off and whatever was interrupted, where the kernel asks again and again instead.
 */
#include "drivers/virtio/virtio.h"
#include "kernel/enlist.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "kernel/string.h"

#define CONSOLE_RANK 10 /* above a serial port */

#define IN_BUFFERS  8
#define IN_SIZE     500 /* bytes; with its books a buffer is an eighth of a page */
#define OUT_BUFFERS 8
#define OUT_SIZE    PAGE_SIZE

enum { QUEUE_IN = 0, QUEUE_OUT = 1 };

struct in_buffer {
    struct in_buffer *next; /* in the list of what arrived */
    uint16_t len, taken;    /* bytes arrived, and read of them */
    bool held;              /* in that list: not the device's */
    char text[IN_SIZE];
};

struct out_buffer {
    bool in_flight;
    uint32_t len;
    char *text;
};

struct virtio_console {
    struct console_device dev;
    struct virtio_device *v;
    char name[8];
    struct virtqueue *in, *out; /* valid while v->running */
    struct in_buffer *arrived, **arrived_end;
    volatile bool in_verb; /* inside the output ring: who comes in now interrupted it */
    unsigned nr_out;       /* output buffers that the ring has room for; used in turn */
    unsigned filling;
    unsigned nr_in_flight; /* those before it */
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
        if (!virtio_has(c->v, VIRTIO_CONSOLE_F_EMERG_WRITE) ||
            virtio_config_write32(c->v, at, (unsigned char)text[i]) < 0) {
            platform->early_write(text + i, len - i);
            return;
        }
    }
}

static bool
can_queue(const struct virtio_console *c)
{
    return c->v->running && !c->in_verb && !c->out->broken;
}

/* Take back what the device has read. */
static void
collect_output(struct virtio_console *c)
{
    struct out_buffer *b;

    c->in_verb = true;
    while ((b = vq_reap(c->out, NULL))) {
        b->in_flight = false;
        b->len = 0;
        c->nr_in_flight--;
    }
    c->in_verb = false;
}

/* Somebody is going to sleep until the device takes more. */
static void
await_output(struct virtio_console *c)
{
    c->in_verb = true;
    bool more = vq_irq_on(c->out);
    c->in_verb = false;
    if (more)
        collect_output(c);
}

/* Buffers come back in any order and are used in turn: what counts is the run from the one that
 * is being filled on. */
static size_t
free_bytes(const struct virtio_console *c)
{
    size_t n = 0;

    for (unsigned i = 0; i < c->nr_out; i++) {
        const struct out_buffer *b = &c->out_buffers[(c->filling + i) % c->nr_out];
        if (b->in_flight)
            break;
        n += OUT_SIZE - b->len;
    }
    return n;
}

static size_t
vcon_room(struct console_device *dev)
{
    struct virtio_console *c = container_of(dev, struct virtio_console, dev);

    if (!can_queue(c))
        return OUT_SIZE;
    collect_output(c);
    if (free_bytes(c) == 0)
        await_output(c);
    return free_bytes(c);
}

static void
post_output(struct virtio_console *c, struct out_buffer *b)
{
    struct sg part = {b->text, b->len};

    c->in_verb = true;
    /* Cannot fail on a healthy ring: it was made with room for every buffer. */
    if (vq_add(c->out, &part, 1, 0, b) == 0) {
        b->in_flight = true;
        c->nr_in_flight++;
    }
    c->in_verb = false;
}

static void
fill_next(struct virtio_console *c)
{
    post_output(c, &c->out_buffers[c->filling]);
    c->filling = (c->filling + 1) % c->nr_out;
}

static void
vcon_write(struct console_device *dev, const char *text, size_t len)
{
    struct virtio_console *c = container_of(dev, struct virtio_console, dev);

    if (!can_queue(c)) {
        write_directly(c, text, len);
        return;
    }
    while (len > 0) {
        struct out_buffer *b = &c->out_buffers[c->filling];
        size_t n = MIN(len, OUT_SIZE - b->len);
        memcpy(b->text + b->len, text, n);
        b->len += n;
        text += n;
        len -= n;
        if (b->len == OUT_SIZE)
            fill_next(c);
    }
}

/*
 * A buffer that is not full goes out alone; while the device has something, what is written is
 * gathered, and goes out when that comes back. So a host that is slow gets few large pieces.
 */
static bool
vcon_push(struct console_device *dev, bool wait)
{
    struct virtio_console *c = container_of(dev, struct virtio_console, dev);
    bool gathered;

    if (!can_queue(c))
        return false;
    do {
        if (c->nr_in_flight == 0 && c->out_buffers[c->filling].len > 0)
            fill_next(c);
        c->in_verb = true;
        vq_kick(c->out);
        c->in_verb = false;
        collect_output(c);
        gathered = free_bytes(c) % OUT_SIZE != 0;
        if (c->nr_in_flight > 0 && (wait || gathered))
            await_output(c);
    } while (c->nr_in_flight == 0 && gathered);
    return c->nr_in_flight > 0;
}

static void
output_taken(struct virtqueue *q)
{
    struct virtio_console *c = q->device->driver_data;

    vq_irq_off(q);
    vcon_push(&c->dev, false);
    wake_all(&c->dev.changed);
    if (q->broken)
        virtio_give_up(c->v, "its output queue is broken");
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
        if (len == 0) { /* our launcher's word for the end of input; no other host has one */
            c->dev.ended = true;
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
    struct virtio_console *c = container_of(dev, struct virtio_console, dev);
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
    if (c->arrived || c->dev.ended)
        wake_all(&c->dev.changed);
    if (q->broken)
        virtio_give_up(c->v, "its input queue is broken");
    else if (vq_irq_on(q))
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
    char *pages = pages_alloc_raw(OUT_BUFFERS * OUT_SIZE / PAGE_SIZE);

    if (!c || !pages) {
        kfree(c);
        if (pages)
            pages_free(pages, OUT_BUFFERS * OUT_SIZE / PAGE_SIZE);
        return NULL;
    }
    for (unsigned i = 0; i < OUT_BUFFERS; i++)
        c->out_buffers[i].text = pages + i * OUT_SIZE;
    c->v = v;
    c->arrived_end = &c->arrived;
    wait_queue_init(&c->dev.changed);
    c->dev.name = c->name;
    c->dev.rank = CONSOLE_RANK;
    c->dev.room = vcon_room;
    c->dev.write = vcon_write;
    c->dev.push = vcon_push;
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
        error = virtio_queue_new(v, QUEUE_OUT, "out", output_taken, &c->out);
    if (error)
        return error;
    if (c->nr_out == 0)
        c->nr_out = MIN(OUT_BUFFERS, c->out->size);
    if (c->nr_out > c->out->size)
        return -EINVAL; /* shorter than before the reset */
    vq_irq_off(c->out);
    for (int i = 0; i < IN_BUFFERS && i < c->in->size; i++)
        if (!c->in_buffers[i].held)
            post(c, &c->in_buffers[i]);
    read_size(c);
    return 0;
}

/* After a reset: what the device had not taken goes onto the new ring, in its order. */
static void
output_again(struct virtio_console *c)
{
    c->nr_in_flight = 0;
    for (unsigned i = 0; i < c->nr_out; i++) {
        struct out_buffer *b = &c->out_buffers[(c->filling + i) % c->nr_out];
        if (b->in_flight)
            post_output(c, b);
    }
    vcon_push(&c->dev, true);
    wake_all(&c->dev.changed);
}

static void
vcon_started(struct virtio_device *v)
{
    struct virtio_console *c = v->driver_data;

    vq_kick(c->in);
    if (c->name[0]) {
        output_again(c);
        return;
    }
    ksnprintf(c->name, sizeof(c->name), "hvc%u", nr_consoles++);
    console_register(&c->dev);
}

/* The device forgot its buffers; those that hold input stay for the reader, and output that it
 * did not take is kept for the case that it comes back. */
static void
vcon_stopped(struct virtio_device *v)
{
    struct virtio_console *c = v->driver_data;

    while (vq_detach(c->in) || vq_detach(c->out))
        continue;
    wake_all(&c->dev.changed);
}

static void
vcon_config_changed(struct virtio_device *v)
{
    struct virtio_console *c = v->driver_data;

    read_size(c);
    wake_all(&c->dev.changed);
}

static const struct virtio_driver console_driver = {
    .type = VIRTIO_ID_CONSOLE,
    .name = "virtio-console",
    .features = BIT(VIRTIO_CONSOLE_F_SIZE) | BIT(VIRTIO_CONSOLE_F_EMERG_WRITE),
    .dependencies = (const struct virtio_dependency[]){{0, 0}},
    .probe = vcon_probe,
    .started = vcon_started,
    .stopped = vcon_stopped,
    .config_changed = vcon_config_changed,
};
ENLIST(virtio_drivers, console_driver);

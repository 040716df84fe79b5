/*
 * The bed on which a ring layout is tested: a transport that only counts, and the driver's side
 * shortened. The device's half is a file of its own for each layout, written byte by byte from
 * the specification, and handed over as a struct ring_device; what both layouts have to stand
 * is in ring_tests.h and ring_races.h.
 */
#ifndef TESTS_UNIT_RING_BED_H
#define TESTS_UNIT_RING_BED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "drivers/virtio/ring/ring.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "ring_bytes.h"
#include "shim.h"

#define EVENT_IDX BIT(VIRTIO_F_RING_EVENT_IDX)
#define INDIRECT  BIT(VIRTIO_F_RING_INDIRECT)

static const uint64_t modes[] = {0, EVENT_IDX, INDIRECT, EVENT_IDX | INDIRECT};

/* What a test tells the bed of its device. */
struct ring_device {
    uint64_t features; /* always negotiated */
    uint16_t small;    /* a size of few entries, no power of two if that is allowed */
    uint16_t (*size_of)(uint32_t random); /* any size up to 17 that is allowed */
    void (*start)(uint16_t size);         /* the ring of `q` is new */
    void (*mute)(bool event);             /* wants no notification */
    void (*want)(bool event);             /* wants one from the next chain on */
    bool (*look)(void);                   /* is there a chain that was not taken? */
    void (*serve)(uint32_t len); /* take the next chain and complete it with this length */
    void (*signal)(bool event);  /* count in `interrupts` one that is wanted for what was
                                    completed since the last time */
    /* If there is a chain: 1, taken, its one length was n + 1, destroyed in the ring, and
     * completed with that length. 0: none is there. -1: it is not what it should be. */
    int (*relay)(uint32_t n);
    /* One thing that a device may do to its memory, mostly near what it should. */
    void (*misbehave)(uint32_t *seed);
};

static const struct ring_device ring_device;

static volatile unsigned notified;
static unsigned interrupts;

/* ---- a transport that only counts ---- */

static uint16_t bed_size;
static unsigned called_back;
static struct virtio_device device;
static struct virtqueue *q;

static int
bed_queue_setup(struct virtio_device *v, struct virtqueue *vq)
{
    (void)v;
    return queue_area_alloc(vq, bed_size, 4096);
}

static void
bed_notify(struct virtio_device *v, struct virtqueue *vq)
{
    (void)v;
    (void)vq;
    notified++;
}

static const struct virtio_transport bed_transport = {
    .name = "bed",
    .queue_setup = bed_queue_setup,
    .notify = bed_notify,
};

static void
bed_callback(struct virtqueue *vq)
{
    assert_ptr_equal(vq, q);
    called_back++;
}

static void
bed_down(void)
{
    if (q) {
        queue_release(q);
        kfree(q);
    }
    q = NULL;
    memset(&device, 0, sizeof(device));
}

static void
bed_up(uint16_t size, uint64_t features)
{
    bed_down();
    shim_log_clear();
    shim_memory_fail_after(-1);
    bed_size = size;
    device.transport = &bed_transport;
    device.negotiated = features | ring_device.features;
    device.running = true;
    strcpy(device.where, "bed 0");
    assert_int_equal(virtio_queue_new(&device, 0, "test", bed_callback, &q), 0);
    notified = interrupts = called_back = 0;
    ring_device.start(size);
}

static int
down(void **state)
{
    (void)state;
    bed_down();
    defer_run();
    assert_int_equal(shim_memory_live(), 0);
    return 0;
}

/* ---- the driver's side, shortened ---- */

static char data[64];
#define TOKEN(n) ((void *)(uintptr_t)(n))

static int
add(unsigned out, unsigned in, void *token)
{
    struct sg parts[64];

    for (unsigned i = 0; i < out + in; i++)
        parts[i] = (struct sg){data + i % 32, 1 + i};
    return vq_add(q, parts, out, in, token);
}

/* The next look breaks the queue: told once, and nothing works any more. */
static void
expect_broken(void)
{
    unsigned before = called_back;

    assert_null(vq_reap(q, NULL));
    assert_true(q->broken);
    assert_int_equal(q->violations, 1);
    assert_int_equal(shim_log_lines(LOG_ERROR), 1);
    assert_true(shim_log_has("bed 0: queue 0 (test)"));
    defer_run();
    assert_int_equal(called_back, before + 1);
    assert_null(vq_reap(q, NULL));
    assert_int_equal(add(1, 0, TOKEN(9)), -EIO);
    assert_false(vq_kick(q));
    assert_false(vq_irq_on(q));
    vq_irq_off(q);
    assert_int_equal(shim_log_lines(LOG_INFO), 1);
}

static uint32_t
random32(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8 | *seed << 24;
}

#endif

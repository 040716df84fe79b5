/*
 * A driver with no device class behind it, for the tests of core and bus: it takes block
 * devices of the model, makes queues, posts buffers and records what happens to it.
 */
#ifndef TESTS_UNIT_PROBE_H
#define TESTS_UNIT_PROBE_H

#include "drivers/virtio/virtio.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include <string.h>
#include "model/model.h"

#define PROBE_QUEUES  2
#define PROBE_BUFFERS 3

/* What happened, and what is to happen; zeroed by probe_reset. */
static struct probe {
    struct virtio_device *v;
    unsigned probes, starts, stops, config_changes, callbacks;
    unsigned tokens_back; /* from vq_detach */
    unsigned reaped;
    int fail;        /* what probe returns at its end */
    unsigned queues; /* how many it makes; 0: PROBE_QUEUES */
    struct virtqueue *q[PROBE_QUEUES];
    char buffers[PROBE_QUEUES][PROBE_BUFFERS][32];
    /* Called in the middle of probe, features settled. */
    void (*look)(struct virtio_device *);
} probe;

static void
probe_callback(struct virtqueue *q)
{
    probe.callbacks++;
    while (vq_reap(q, NULL))
        probe.reaped++;
}

static int
probe_queue(struct virtio_device *v, unsigned index)
{
    int error =
        virtio_queue_new(v, index, index ? "second" : "first", probe_callback, &probe.q[index]);

    for (unsigned i = 0; error == 0 && i < PROBE_BUFFERS; i++) {
        struct sg part = {probe.buffers[index][i], 32};
        error = vq_add(probe.q[index], &part, 0, 1, part.base);
    }
    return error;
}

static int
probe_probe(struct virtio_device *v)
{
    int error = 0;

    probe.probes++;
    probe.v = v;
    v->driver_data = &probe;
    memset(probe.q, 0, sizeof(probe.q));
    if (probe.look)
        probe.look(v);
    for (unsigned i = 0; error == 0 && i < (probe.queues ? probe.queues : PROBE_QUEUES); i++)
        error = probe_queue(v, i);
    return error ? error : probe.fail;
}

static void
probe_started(struct virtio_device *v)
{
    (void)v;
    probe.starts++;
    for (unsigned i = 0; i < PROBE_QUEUES; i++)
        if (probe.q[i])
            vq_kick(probe.q[i]);
}

static void
probe_stopped(struct virtio_device *v)
{
    (void)v;
    probe.stops++;
    for (unsigned i = 0; i < PROBE_QUEUES; i++)
        while (vq_detach(probe.q[i]))
            probe.tokens_back++;
}

static void
probe_config_changed(struct virtio_device *v)
{
    (void)v;
    probe.config_changes++;
}

/* Bits of its own: two of the block device's, and one above 31. */
#define PROBE_HIGH     57
#define PROBE_FEATURES (BIT(1) | BIT(6) | BIT(PROBE_HIGH))

static const struct virtio_driver probe_driver = {
    .type = VIRTIO_ID_BLOCK,
    .name = "probe",
    .features = PROBE_FEATURES,
    .probe = probe_probe,
    .started = probe_started,
    .stopped = probe_stopped,
    .config_changed = probe_config_changed,
};
ENLIST(virtio_drivers, probe_driver);

static int
probe_reset(void **state)
{
    (void)state;
    memset(&probe, 0, sizeof(probe));
    model_machine_reset();
    return 0;
}

/* A block device with a capacity of 0x1122334455667788 and 512-byte blocks. */
static const struct virtio_blk_config probe_config = {
    .capacity = 0x1122334455667788, .size_max = 4096, .seg_max = 16, .blk_size = 512};

static struct model_setup
probe_setup(enum model_bus bus)
{
    return (struct model_setup){
        .bus = bus,
        .type = VIRTIO_ID_BLOCK,
        .features = PROBE_FEATURES | BIT(VIRTIO_F_RING_EVENT_IDX) | BIT(VIRTIO_F_RING_INDIRECT),
        .config = &probe_config,
        .config_len = sizeof(probe_config),
        .nr_queues = PROBE_QUEUES,
    };
}

/* A device is plugged in and found; whether the driver brought it up is the test's to see. */
static struct model *
probe_plug(struct model_setup setup)
{
    struct model *m = model_new(&setup);

    shim_discover();
    model_run();
    return m;
}

#endif

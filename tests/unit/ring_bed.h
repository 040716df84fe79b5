/*
 * The bed on which a ring layout is tested: a transport that only counts, the driver's side
 * shortened, and the races between two threads, whose driver's half is the same for every
 * layout. The device's half is the test's own, written byte by byte from the specification, and
 * handed over as a struct ring_device.
 */
#ifndef TESTS_UNIT_RING_BED_H
#define TESTS_UNIT_RING_BED_H

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "drivers/virtio/ring.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "ring_bytes.h"
#include "shim.h"

#define EVENT_IDX (1ull << 29)
#define INDIRECT  (1ull << 28)

static const uint64_t modes[] = {0, EVENT_IDX, INDIRECT, EVENT_IDX | INDIRECT};

/* What a test tells the bed of its device. */
struct ring_device {
    uint64_t features;            /* always negotiated */
    void (*start)(uint16_t size); /* the ring of `q` is new */
    void (*mute)(bool event);     /* wants no notification */
    void (*want)(bool event);     /* wants one from the next chain on */
    bool (*look)(void);           /* is there a chain that was not taken? */
    void (*serve)(void);          /* take the next chain and complete it */
    void (*signal)(bool event);   /* count in `interrupts` one that is wanted for what was
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
bed_queue_release(struct virtio_device *v, struct virtqueue *vq)
{
    (void)v;
    queue_area_free(vq);
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
    .queue_release = bed_queue_release,
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
    memset(&device, 0, sizeof device);
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

/* What cannot be offered is refused and changes nothing in `bytes` of the ring. */
static void
bed_impossible_chains(uint16_t size, size_t bytes)
{
    struct sg parts[10];

    for (unsigned m = 0; m < ARRAY_SIZE(modes); m++) {
        bed_up(size, modes[m]);
        void *before = malloc(bytes);
        memcpy(before, q->area.desc, bytes);
        for (unsigned i = 0; i < 10; i++)
            parts[i] = (struct sg){data, 1};
        assert_int_equal(vq_add(q, parts, 0, 0, TOKEN(1)), -EINVAL);
        assert_int_equal(vq_add(q, parts, size + 1, 0, TOKEN(1)), -EINVAL);
        assert_int_equal(vq_add(q, parts, size, 1, TOKEN(1)), -EINVAL);
        assert_int_equal(vq_add(q, parts, UINT32_MAX, 2, TOKEN(1)), -EINVAL);
        assert_int_equal(vq_add(q, parts, 2, UINT32_MAX, TOKEN(1)), -EINVAL);
        parts[1].len = 0;
        assert_int_equal(vq_add(q, parts, 1, 1, TOKEN(1)), -EINVAL);
        parts[0].len = parts[1].len = 0x80000000u;
        assert_int_equal(vq_add(q, parts, 1, 1, TOKEN(1)), -EINVAL);
        assert_int_equal(q->free, size);
        assert_false(ring_device.look());
        assert_memory_equal(before, q->area.desc, bytes);
        free(before);
    }
}

/* Row 25: nothing is notified before DRIVER_OK, and nothing is forgotten. */
static void
bed_no_kick_before_running(void)
{
    for (unsigned m = 0; m < ARRAY_SIZE(modes); m++) {
        bed_up(8, modes[m]);
        device.running = false;
        assert_int_equal(add(0, 1, TOKEN(1)), 0);
        assert_false(vq_kick(q));
        assert_int_equal(notified, 0);
        device.running = true;
        assert_true(vq_kick(q));
        assert_int_equal(notified, 1);
    }
}

/* After a reset every token comes back once, indirect tables are freed, and the structure
 * answers for a ring that is gone. */
static void
bed_detach_and_release(void)
{
    for (unsigned m = 0; m < ARRAY_SIZE(modes); m++) {
        bed_up(16, modes[m]);
        unsigned left = 0, came = 0;
        for (unsigned i = 0; i < 4; i++, left |= 1u << i)
            assert_int_equal(add(1, 2, TOKEN(1 + i)), 0);
        ring_device.serve();
        left &= ~(1u << (uintptr_t)vq_reap(q, NULL));
        void *token;
        while ((token = vq_detach(q)))
            came |= 1u << (uintptr_t)token;
        assert_int_equal(came, left);
        queue_release(q);
        assert_null(vq_detach(q));
        assert_int_equal(add(1, 0, TOKEN(1)), -EIO);
        assert_null(vq_reap(q, NULL));
        assert_false(vq_kick(q));
        /* The next start finds the same structure and a fresh ring. */
        struct virtqueue *again;
        assert_int_equal(virtio_queue_new(&device, 0, "test", bed_callback, &again), 0);
        assert_ptr_equal(again, q);
        assert_int_equal(q->free, 16);
        assert_int_equal(add(1, 0, TOKEN(1)), 0);
    }
    assert_null(vq_detach(NULL));
}

/* A failure to get memory leaves no queue behind that works, and no leak. */
static void
bed_queue_without_memory(void)
{
    struct virtqueue *none = NULL;

    bed_up(8, 0);
    for (long n = 0; n < 3; n++) {
        shim_memory_fail_after(n);
        assert_int_equal(virtio_queue_new(&device, 1, "second", NULL, &none), -ENOMEM);
        assert_null(none);
        while (device.nr_queues > 1) {
            struct virtqueue *second = device.queues[--device.nr_queues];
            assert_true(second->broken);
            queue_release(second);
            kfree(second);
        }
    }
}

static uint32_t
random32(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8 | *seed << 24;
}

/* Rows 6 to 9 at random: whatever the device writes, each token comes back at most once, and
 * the sanitizers stay silent. */
static void
bed_random_device(uint16_t size_of(uint32_t random))
{
    unsigned broken = 0;

    for (uint32_t round = 0; round < 4000; round++) {
        uint32_t seed = round;
        uint64_t out = 0; /* tokens that the device has, by number */
        bed_up(size_of(random32(&seed)), modes[round % ARRAY_SIZE(modes)]);
        for (unsigned i = 0; i < 200 && !q->broken; i++) {
            unsigned n = 1 + random32(&seed) % 60, parts = 1 + random32(&seed) % 4;
            if (!(out >> n & 1) && add(parts, random32(&seed) % 2, TOKEN(n)) == 0)
                out |= UINT64_C(1) << n;
            vq_kick(q);
            ring_device.misbehave(&seed);
            uint32_t len = 0;
            void *token = vq_reap(q, &len);
            if (token == NULL)
                continue;
            assert_true(out >> (uintptr_t)token & 1);
            assert_true(len <= 5);
            out &= ~(UINT64_C(1) << (uintptr_t)token);
        }
        broken += q->broken;
        for (void *token; (token = vq_detach(q)); out &= ~(UINT64_C(1) << (uintptr_t)token))
            assert_true(out >> (uintptr_t)token & 1);
        assert_int_equal(out, 0);
        assert_int_equal(q->free, q->size);
    }
    assert_in_range(broken, 1000, 4000);
}

/* ---- two threads ---- */

/* Both sides arrive here before either goes on. Yields, since there may be one CPU. */
struct gate {
    unsigned arrived, passed;
};

static void
gate_pass(struct gate *g)
{
    unsigned turn = __atomic_load_n(&g->passed, __ATOMIC_ACQUIRE);

    if (__atomic_add_fetch(&g->arrived, 1, __ATOMIC_ACQ_REL) == 2) {
        __atomic_store_n(&g->arrived, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&g->passed, turn + 1, __ATOMIC_RELEASE);
        return;
    }
    for (unsigned spins = 1; __atomic_load_n(&g->passed, __ATOMIC_ACQUIRE) == turn; spins++)
        if (spins % 256 == 0)
            sched_yield();
}

/* So that the two sides meet at every distance: the work of one is longer than the other's. */
static void
drift(unsigned round)
{
    for (volatile unsigned i = round % 256; i; i--)
        continue;
}

/* A look at what the driver writes. It takes the driver's processor some time to get the right
 * to write there back, and only then a store stays in its store buffer long enough to be passed
 * by a load. */
static void
peek(void)
{
    get16(q->area.desc);
    get16(q->area.driver);
}

static struct gate start_gate, end_gate;
static bool with_event;
static bool thread_saw;
#define LITMUS_ROUNDS 100000

/* Row 2, the device's half: say "kick me from here on", then look for work once more. */
static void *
sleeper(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < LITMUS_ROUNDS; i++) {
        peek();
        gate_pass(&start_gate);
        drift(i);
        ring_device.want(with_event);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        thread_saw = ring_device.look();
        gate_pass(&end_gate);
        gate_pass(&end_gate);
    }
    return NULL;
}

/* Row 2: published, then the device's wish read. If the kick was left out and the device saw
 * nothing either, both sleep. */
static void
bed_kick_litmus(void)
{
    unsigned stalls = 0, kicked = 0;
    pthread_t thread;

    for (unsigned event = 0; event < 2; event++) {
        bed_up(4, event ? EVENT_IDX : 0);
        with_event = event;
        ring_device.mute(event);
        assert_int_equal(pthread_create(&thread, NULL, sleeper, NULL), 0);
        for (unsigned i = 0; i < LITMUS_ROUNDS; i++) {
            gate_pass(&start_gate);
            add(1, 0, TOKEN(1));
            bool told = vq_kick(q);
            gate_pass(&end_gate);
            kicked += told;
            stalls += !told && !thread_saw;
            ring_device.serve();
            vq_reap(q, NULL);
            ring_device.mute(event);
            gate_pass(&end_gate);
        }
        pthread_join(thread, NULL);
    }
    printf("kick litmus: %u kicks of %u, %u stalls\n", kicked, 2 * LITMUS_ROUNDS, stalls);
    assert_int_equal(stalls, 0);
    assert_false(q->broken);
}

/* Row 3, the device's half: complete, then see whether an interrupt is wanted. */
static void *
completer(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < LITMUS_ROUNDS; i++) {
        gate_pass(&start_gate);
        peek();
        unsigned before = interrupts;
        ring_device.serve();
        ring_device.signal(with_event);
        thread_saw = interrupts != before;
        gate_pass(&end_gate);
        gate_pass(&end_gate);
    }
    return NULL;
}

/* Row 3: interrupts on again while a completion comes. Not told of it by irq_on and not
 * interrupted: nobody would ever look. */
static void
bed_irq_on_litmus(void)
{
    unsigned stalls = 0, slipped = 0;
    pthread_t thread;

    for (unsigned event = 0; event < 2; event++) {
        bed_up(4, event ? EVENT_IDX : 0);
        with_event = event;
        assert_int_equal(pthread_create(&thread, NULL, completer, NULL), 0);
        for (unsigned i = 0; i < LITMUS_ROUNDS; i++) {
            vq_irq_off(q);
            add(1, 0, TOKEN(1));
            gate_pass(&start_gate);
            drift(i);
            bool found = vq_irq_on(q);
            gate_pass(&end_gate);
            slipped += found;
            stalls += !found && !thread_saw;
            vq_reap(q, NULL);
            gate_pass(&end_gate);
        }
        pthread_join(thread, NULL);
    }
    printf("irq_on litmus: %u slipped in of %u, %u stalls\n", slipped, 2 * LITMUS_ROUNDS,
           stalls);
    assert_int_equal(stalls, 0);
    assert_false(q->broken);
}

#define STREAM 100000
static unsigned stale;
static bool stream_over;

/* Rows 1 and 4, the device's half: take each chain as soon as it shows. */
static void *
streamer(void *arg)
{
    (void)arg;
    for (uint32_t n = 0; n < STREAM && !__atomic_load_n(&stream_over, __ATOMIC_RELAXED);) {
        int relayed = ring_device.relay(n);
        if (relayed < 0) {
            __atomic_store_n(&stale, 1, __ATOMIC_RELAXED);
            break;
        }
        if (relayed == 0 && n % 64 == 0)
            sched_yield();
        n += relayed;
    }
    return NULL;
}

/* Rows 1 and 4: a stream of numbers through the ring, each one intact on both ways. */
static void
bed_stream(uint16_t size, uint64_t features)
{
    static char sink[16];
    pthread_t thread;
    uint32_t sent = 0, got = 0;

    bed_up(size, features);
    stale = 0;
    stream_over = false;
    assert_int_equal(pthread_create(&thread, NULL, streamer, NULL), 0);
    uint64_t idle = 0;
    while (got < STREAM && idle < 200000000 && !__atomic_load_n(&stale, __ATOMIC_RELAXED)) {
        struct sg part = {sink, sent + 1};
        if (sent < STREAM && vq_add(q, &part, 0, 1, TOKEN(sent + 1)) == 0)
            sent++;
        uint32_t len = 0;
        void *token = vq_reap(q, &len);
        if (token == NULL) {
            if (++idle % 1000 == 0)
                sched_yield();
            continue;
        }
        got++;
        if (token != TOKEN(got) || len != got) {
            stale++;
            break;
        }
    }
    __atomic_store_n(&stream_over, true, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
    assert_int_equal(stale, 0);
    assert_int_equal(got, STREAM);
    assert_false(q->broken);
}

#endif

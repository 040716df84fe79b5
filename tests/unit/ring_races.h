/*
 * Two threads on a ring of either layout: the driver in one, the device in the other
 * (ring_bed.h). The driver's half is the same for both.
 */
#ifndef TESTS_UNIT_RING_RACES_H
#define TESTS_UNIT_RING_RACES_H

#include <pthread.h>
#include <sched.h>
#include "ring_bed.h"

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
    for (volatile unsigned i = round % 1024; i; i--)
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

/*
 * Both sides write these lines in turn. A processor keeps its stores in their order, and has to
 * wait for each line that the other one wrote last: what the driver stores after this stays in
 * its store buffer for long.
 */
static void
dam(void)
{
    static struct {
        _Alignas(64) volatile char byte;
    } lines[16];

    for (unsigned i = 0; i < ARRAY_SIZE(lines); i++)
        lines[i].byte = 1;
}

static struct gate start_gate, end_gate;
static bool with_event;
static bool thread_saw;
#define LITMUS_ROUNDS 200000

/* Row 2, the device's half: say "kick me from here on", then look for work once more. */
static void *
sleeper(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < LITMUS_ROUNDS; i++) {
        peek();
        dam();
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
test_kick_litmus(void **state)
{
    unsigned stalls = 0, kicked = 0;
    pthread_t thread;

    (void)state;
    for (unsigned event = 0; event < 2; event++) {
        bed_up(4, event ? EVENT_IDX : 0);
        with_event = event;
        ring_device.mute(event);
        assert_int_equal(pthread_create(&thread, NULL, sleeper, NULL), 0);
        for (unsigned i = 0; i < LITMUS_ROUNDS; i++) {
            gate_pass(&start_gate);
            dam();
            add(1, 0, TOKEN(1));
            bool told = vq_kick(q);
            gate_pass(&end_gate);
            kicked += told;
            stalls += !told && !thread_saw;
            ring_device.serve(0);
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
        dam();
        gate_pass(&start_gate);
        peek();
        unsigned before = interrupts;
        ring_device.serve(0);
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
test_irq_on_litmus(void **state)
{
    unsigned stalls = 0, slipped = 0;
    pthread_t thread;

    (void)state;
    for (unsigned event = 0; event < 2; event++) {
        bed_up(4, event ? EVENT_IDX : 0);
        with_event = event;
        assert_int_equal(pthread_create(&thread, NULL, completer, NULL), 0);
        for (unsigned i = 0; i < LITMUS_ROUNDS; i++) {
            vq_irq_off(q);
            add(1, 0, TOKEN(1));
            gate_pass(&start_gate);
            drift(i);
            dam();
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
test_stream(void **state)
{
    static char sink[16];
    pthread_t thread;
    uint32_t sent = 0, got = 0;

    (void)state;
    bed_up(ring_device.small, 0);
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
        if (!token) {
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

#define RING_RACES                                           \
    cmocka_unit_test_teardown(test_kick_litmus, down),       \
        cmocka_unit_test_teardown(test_irq_on_litmus, down), \
        cmocka_unit_test_teardown(test_stream, down)

#endif

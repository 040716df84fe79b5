/*
 * The virtio core over the PCI transports against the model: bring-up, refusal, failure at
 * every step, recovery, configuration races and the end (checklist rows 17 to 20, 22, 24 to
 * 31, 37, 60).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "shim.h"
#include "probe.h"

#define MSEC   UINT64_C(1000000)
#define FAILED VIRTIO_STATUS_FAILED

static const enum model_bus buses[] = {MODEL_PCI_MODERN, MODEL_PCI_LEGACY,
                                       MODEL_PCI_TRANSITIONAL, MODEL_MMIO_1, MODEL_MMIO_2};
static const char *const names[] = {
    [MODEL_PCI_MODERN] = "pci-modern",
    [MODEL_PCI_LEGACY] = "pci-legacy",
    [MODEL_PCI_TRANSITIONAL] = "pci-modern",
    [MODEL_MMIO_1] = "mmio-1",
    [MODEL_MMIO_2] = "mmio-2",
};

static bool
is_legacy(enum model_bus bus)
{
    return bus == MODEL_PCI_LEGACY || bus == MODEL_MMIO_1;
}

static bool
is_mmio(enum model_bus bus)
{
    return bus == MODEL_MMIO_1 || bus == MODEL_MMIO_2;
}

static struct model *
plug_bus(enum model_bus bus)
{
    return probe_plug(probe_setup(bus));
}

/* The serving half of an honest device: every buffer comes back full. */
static void
serve(struct model *m, unsigned queue, void *arg)
{
    static struct model_chain c;

    (void)arg;
    while (model_pop(m, queue, &c))
        model_push(m, queue, c.head, 32);
}

static void
expect_up(struct model *m)
{
    assert_non_null(probe.v);
    assert_true(probe.v->running);
    assert_false(probe.v->failed);
    assert_true(model_status(m) & VIRTIO_STATUS_DRIVER_OK);
    assert_false(model_status(m) & FAILED);
    assert_int_equal(shim_log_lines(LOG_ERROR), 0);
}

/* Given up: FAILED, told once, and nothing of it in memory but the structures. */
static void
expect_given_up(struct model *m)
{
    struct virtio_device *v = virtio_device_next(NULL);

    assert_non_null(v);
    assert_false(v->running);
    assert_true(v->failed);
    assert_true(model_status(m) & FAILED);
    assert_int_equal(shim_memory_pages(), 0);
    assert_int_equal(shim_log_lines(LOG_ERROR), 1);
    assert_true(
        shim_log_has(v->where[0] == 'm' ? "mmio feb00200: probe" : "pci 00:01.0: probe"));
    for (unsigned i = 0; i < v->nr_queues; i++)
        assert_true(v->queues[i]->broken);
}

/* Rows 18, 25, 38: the whole way up on each bus, with the model watching. */
static void
test_bring_up(void **state)
{
    for (unsigned b = 0; b < ARRAY_SIZE(buses); b++) {
        probe_reset(state);
        struct model *m = plug_bus(buses[b]);
        expect_up(m);
        assert_int_equal(probe.probes, 1);
        assert_int_equal(probe.starts, 1);
        assert_int_equal(model_resets(m), 1);
        assert_int_equal(model_status(m), is_legacy(buses[b]) ? 1 | 2 | 4 : 1 | 2 | 4 | 8);
        assert_string_equal(probe.v->transport->name, names[buses[b]]);
        for (unsigned i = 0; i < PROBE_QUEUES; i++) {
            assert_true(model_queue_enabled(m, i));
            assert_int_equal(model_notified(m, i), 1);
            assert_int_equal(model_waiting(m, i), PROBE_BUFFERS);
        }
        model_assert_clean();
    }
}

/* Buffers there and back with interrupts, many times. */
static void
test_traffic(void **state)
{
    static const uint64_t masks[] = {~0ull, ~BIT(29), ~(3ull << 28)};

    for (unsigned b = 0; b < ARRAY_SIZE(buses) * ARRAY_SIZE(masks); b++) {
        probe_reset(state);
        struct model_setup setup = probe_setup(buses[b % ARRAY_SIZE(buses)]);
        setup.features &= masks[b / ARRAY_SIZE(buses)];
        setup.serve = serve;
        struct model *m = probe_plug(setup);
        expect_up(m);
        assert_int_equal(probe.reaped, PROBE_QUEUES * PROBE_BUFFERS);
        for (unsigned i = 0; i < 1000; i++) {
            struct sg part = {probe.buffers[i % 2][0], 32};
            assert_int_equal(vq_add(probe.q[i % 2], &part, 0, 1, part.base), 0);
            vq_kick(probe.q[i % 2]);
            model_run();
            assert_int_equal(probe.reaped, PROBE_QUEUES * PROBE_BUFFERS + i + 1);
        }
        model_assert_clean();
    }
}

/* Row 17: resets that take no time, some, much, for ever. */
static void
test_reset_takes_time(void **state)
{
    static const uint64_t times[] = {0, 1, MSEC, 50 * MSEC};

    for (unsigned b = 0; b < ARRAY_SIZE(buses); b++) {
        for (unsigned t = 0; t < ARRAY_SIZE(times); t++) {
            probe_reset(state);
            struct model_setup setup = probe_setup(buses[b]);
            setup.lies.reset_ns = times[t];
            expect_up(probe_plug(setup));
            model_assert_clean();
        }
    }
}

static void
test_reset_never_ends(void **state)
{
    for (unsigned b = 0; b < ARRAY_SIZE(buses); b++) {
        probe_reset(state);
        struct model_setup setup = probe_setup(buses[b]);
        setup.lies.reset_ns = MODEL_NEVER;
        uint64_t before = shim_clock();
        probe_plug(setup);
        assert_true(shim_clock() - before < 10000 * MSEC);
        assert_int_equal(probe.probes, 0);
        assert_true(virtio_device_next(NULL)->failed);
        assert_int_equal(shim_log_lines(LOG_ERROR), 1);
        assert_true(shim_log_has("reset does not finish"));
        model_assert_clean();
    }
}

/* Row 17 with a clock that stands still, as it may in a panic. */
static void
test_reset_without_clock(void **state)
{
    (void)state;
    struct model_setup setup = probe_setup(MODEL_PCI_MODERN);
    setup.lies.reset_ns = MODEL_NEVER;
    shim_clock_step(0);
    probe_plug(setup);
    assert_true(virtio_device_next(NULL)->failed);
}

/* Row 19: each bit that was accepted makes the device refuse; nothing else happens to it. */
static void
test_features_refused(void **state)
{
    for (unsigned bit = 0; bit < 64; bit++) {
        probe_reset(state);
        struct model_setup setup = probe_setup(MODEL_PCI_MODERN);
        setup.lies.refuse = 1ull << bit;
        struct model *m = probe_plug(setup);
        model_assert_clean();
        if (!(model_accepted(m) >> bit & 1) && probe.probes) {
            expect_up(m);
            continue;
        }
        expect_given_up(m);
        assert_int_equal(probe.probes, 0);
        assert_true(shim_log_has("refuses the features"));
        for (unsigned i = 0; i < PROBE_QUEUES; i++)
            assert_false(model_queue_enabled(m, i));
    }
}

/* Row 20: no VERSION_1, no modern device; on legacy nobody asks for it. */
static void
test_version_1(void **state)
{
    struct model_setup setup = probe_setup(MODEL_PCI_MODERN);
    setup.no_version_1 = true;
    struct model *m = probe_plug(setup);
    expect_given_up(m);
    assert_int_equal(probe.probes, 0);
    assert_true(shim_log_has("VERSION_1"));
    probe_reset(state);
    m = plug_bus(MODEL_PCI_LEGACY);
    expect_up(m);
    assert_int_equal(model_accepted(m) >> 32, 0);
}

/* Row 22: both halves arrive where they belong. Row 23: an offer says nothing by itself. */
static void
test_features_arrive(void **state)
{
    struct model_setup setup = probe_setup(MODEL_PCI_MODERN);
    setup.features = ~0ull;
    struct model *m = probe_plug(setup);
    expect_up(m);
    uint64_t core = 7ull << 27 | 7ull << 32 | BIT(36);
    assert_true(model_accepted(m) == (PROBE_FEATURES | core));
    assert_true(probe.v->negotiated == model_accepted(m));
    assert_true(probe.v->offered == ~0ull);
    assert_true(virtio_has(probe.v, PROBE_HIGH));
    assert_false(virtio_has(probe.v, PROBE_HIGH - 32));
    model_assert_clean();

    probe_reset(state);
    setup.features = 0;
    m = probe_plug(setup);
    expect_up(m);
    assert_true(model_accepted(m) == (BIT(32) | (uint64_t)model_offers_packed << 34));
}

/* Row 26: memory runs out at each allocation in turn. */
static void
test_fail_each_allocation(void **state)
{
    for (unsigned b = 0; b < ARRAY_SIZE(buses); b++) {
        bool up = false;
        for (unsigned n = 1; !up; n++) {
            assert_true(n < 50);
            probe_reset(state);
            struct model_setup setup = probe_setup(buses[b]);
            struct model *m = model_new(&setup);
            shim_memory_fail_after(n);
            /* A slow reset: the model writes into the rings until it is over. */
            struct model_lies slow = {.reset_ns = 20 * MSEC};
            model_lie(m, &slow);
            shim_discover();
            model_run();
            up = probe.v && probe.v->running;
            if (!up)
                expect_given_up(m);
            model_assert_clean();
        }
    }
}

/* Row 26: the driver says no at its end, with buffers already posted. */
static void
test_probe_says_no(void **state)
{
    for (unsigned b = 0; b < ARRAY_SIZE(buses); b++) {
        probe_reset(state);
        struct model_setup setup = probe_setup(buses[b]);
        setup.lies.reset_ns = 20 * MSEC;
        probe.fail = -EINVAL;
        struct model *m = probe_plug(setup);
        expect_given_up(m);
        assert_int_equal(probe.starts, 0);
        assert_int_equal(probe.stops, 1);
        assert_int_equal(probe.tokens_back, PROBE_QUEUES * PROBE_BUFFERS);
        assert_true(shim_log_has("error 22"));
        model_assert_clean();
    }
}

/* Row 26: a queue that is not there, and one of an impossible size (row 6). */
static void
test_queue_missing(void **state)
{
    static const uint16_t wrong[] = {5, 1000, 32769, 65535};

    for (unsigned b = 0; b < ARRAY_SIZE(buses); b++) {
        probe_reset(state);
        struct model_setup setup = probe_setup(buses[b]);
        setup.nr_queues = 1;
        expect_given_up(probe_plug(setup));
        assert_true(shim_log_has("error 2)"));
        for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
            probe_reset(state);
            setup = probe_setup(buses[b]);
            setup.queue_size[1] = wrong[i];
            /* With mmio the driver chooses; a packed ring may have any size up to 32768. */
            bool packed = model_offers_packed && buses[b] == MODEL_PCI_MODERN;
            if (is_mmio(buses[b]) || (packed && wrong[i] <= VRING_SIZE_MAX)) {
                expect_up(probe_plug(setup));
                continue;
            }
            expect_given_up(probe_plug(setup));
            assert_true(shim_log_has("error 22)"));
        }
        model_assert_clean();
    }
}

/* Row 26: no interrupt to connect. */
static void
test_no_interrupt(void **state)
{
    struct model_setup setup = probe_setup(MODEL_PCI_MODERN);
    (void)state;
    setup.irq = 255;
    expect_given_up(probe_plug(setup));
    assert_true(shim_log_has("interrupt"));
    model_assert_clean();
}

/* Row 27: exit and panic. Nothing is freed, the devices are silent, the queues are dead. */
static void
test_shutdown(void **state)
{
    for (unsigned b = 0; b < ARRAY_SIZE(buses); b++) {
        probe_reset(state);
        struct model_setup setup = probe_setup(buses[b]);
        struct model *m = model_new(&setup), *second = model_new(&setup);
        struct model_setup other = {.bus = buses[b], .type = VIRTIO_ID_ENTROPY, .nr_queues = 1};
        struct model *nobodys = probe_plug(other);
        unsigned resets = model_resets(m);
        shim_shutdown();
        assert_int_equal(model_resets(m), resets + 1);
        assert_int_equal(model_status(m), 0);
        assert_int_equal(model_status(second), 0);
        assert_int_equal(model_resets(nobodys), 0);
        struct sg part = {probe.buffers[0], 32};
        assert_int_equal(vq_add(probe.q[0], &part, 0, 1, &part), -EIO);
        assert_false(vq_kick(probe.q[0]));
        assert_null(vq_reap(probe.q[0], NULL));
        assert_int_equal(shim_log_lines(LOG_ERROR), 0);
        model_assert_clean();
    }
}

/* ---- configuration ---- */

/* Row 29, and -EINVAL past the end, which touches nothing. */
static void
test_config_read(void **state)
{
    for (unsigned b = 0; b < ARRAY_SIZE(buses); b++) {
        probe_reset(state);
        struct model_setup setup = probe_setup(buses[b]);
        struct model *m = probe_plug(setup);
        uint64_t capacity = 0;
        uint32_t size_max = 0, past = 77;
        uint16_t past16 = 77;
        assert_int_equal(virtio_config_read64(probe.v, 0, &capacity), 0);
        assert_true(capacity == probe_config.capacity);
        assert_int_equal(virtio_config_read32(probe.v, 8, &size_max), 0);
        assert_int_equal(size_max, 4096);
        model_assert_clean();
        static const size_t offsets[] = {0x1000, 0xfffffffe, SIZE_MAX, SIZE_MAX - 1,
                                         0x80000000};
        for (unsigned i = 0; i < ARRAY_SIZE(offsets); i++) {
            assert_int_equal(virtio_config_read32(probe.v, offsets[i], &past), -EINVAL);
            assert_int_equal(virtio_config_read16(probe.v, offsets[i], &past16), -EINVAL);
            assert_int_equal(virtio_config_write32(probe.v, offsets[i], past), -EINVAL);
        }
        assert_int_equal(virtio_config_read32(probe.v, 2, &past), -EINVAL);
        assert_int_equal(virtio_config_read(probe.v, 0, &past, 0), -EINVAL);
        assert_int_equal(virtio_config_read(probe.v, 0, &past, VIRTIO_CONFIG_MAX + 1), -EINVAL);
        assert_int_equal(past, 77);
        assert_int_equal(past16, 77);
        model_assert_clean();
        uint32_t value = 0xdeadbeef;
        assert_int_equal(virtio_config_write32(probe.v, 8, value), 0);
        assert_memory_equal(model_config(m) + 8, &value, 4);
        model_assert_clean();
    }
}

/* Row 24's police works: a field whose feature was not negotiated. */
static void
test_model_polices_fields(void **state)
{
    uint32_t value;

    (void)state;
    struct model_setup setup = probe_setup(MODEL_PCI_MODERN);
    setup.features &= ~BIT(1);
    probe_plug(setup);
    model_assert_clean();
    assert_int_equal(virtio_config_read32(probe.v, 8, &value), 0);
    assert_true(model_violated("without feature 1"));
}

static unsigned moves;

/* The capacity goes up by 1 in both halves whenever somebody looks. */
static void
moving(struct model *m, size_t offset, void *arg)
{
    (void)offset;
    (void)arg;
    if (moves == 0)
        return;
    moves--;
    uint32_t halves[2];
    memcpy(halves, model_config(m), 8);
    halves[0]++;
    halves[1]++;
    model_config_poke(m, 0, halves, 8);
}

/* Row 28: a capacity that changes between its halves is never seen mixed. */
static void
test_config_torn(void **state)
{
    for (unsigned b = 0; b < ARRAY_SIZE(buses); b++) {
        for (unsigned n = 0; n < 40; n++) {
            probe_reset(state);
            struct model_setup setup = probe_setup(buses[b]);
            struct virtio_blk_config config = {.capacity = 0};
            setup.config = &config;
            setup.lies.config_access = moving;
            moves = 0;
            probe_plug(setup);
            moves = n;
            uint64_t capacity;
            assert_int_equal(virtio_config_read64(probe.v, 0, &capacity), 0);
            assert_int_equal((uint32_t)capacity, capacity >> 32);
            assert_int_equal((uint32_t)capacity, n);
            model_assert_clean();
        }
        uint64_t untouched = 5;
        moves = UINT32_MAX;
        assert_int_equal(virtio_config_read64(probe.v, 0, &untouched), -EIO);
        assert_int_equal(untouched, 5);
        assert_true(shim_log_has("never settles"));
        moves = 0;
    }
}

/* Row 30: the driver is told. */
static void
test_config_interrupt(void **state)
{
    for (unsigned b = 0; b < ARRAY_SIZE(buses); b++) {
        probe_reset(state);
        struct model *m = plug_bus(buses[b]);
        uint64_t capacity = 1234;
        model_config_set(m, 0, &capacity, 8);
        model_run();
        assert_int_equal(probe.config_changes, 1);
        assert_int_equal(probe.v->config_changes, 1);
        assert_int_equal(virtio_config_read64(probe.v, 0, &capacity), 0);
        assert_int_equal(capacity, 1234);
        model_assert_clean();
    }
}

/* ---- recovery ---- */

static void
expect_recovered(struct model *m, unsigned times)
{
    expect_up(m);
    assert_int_equal(probe.probes, 1 + times);
    assert_int_equal(probe.starts, 1 + times);
    assert_int_equal(probe.stops, times);
    assert_int_equal(probe.tokens_back, times * PROBE_QUEUES * PROBE_BUFFERS);
    assert_int_equal(probe.v->resets, times);
    for (unsigned i = 0; i < PROBE_QUEUES; i++) {
        assert_int_equal(model_waiting(m, i), PROBE_BUFFERS);
        assert_false(probe.q[i]->broken);
    }
}

/* Row 31: stop, reset, up again, posted again; memory neither lost nor freed too early. */
static void
test_needs_reset(void **state)
{
    for (unsigned b = 0; b < ARRAY_SIZE(buses); b++) {
        probe_reset(state);
        struct model_setup setup = probe_setup(buses[b]);
        setup.lies.reset_ns = 30 * MSEC;
        struct model *m = probe_plug(setup);
        unsigned live = shim_memory_live();
        for (unsigned i = 1; i <= 3; i++) {
            model_needs_reset(m);
            model_run();
            expect_recovered(m, i);
            assert_int_equal(shim_memory_live(), live);
        }
        virtio_recover(probe.v, "a test wants it");
        model_run();
        expect_recovered(m, 4);
        assert_true(shim_log_has("a test wants it"));
        model_assert_clean();
    }
}

/* A driver's wish for a reset survives a configuration change that comes first, and is
 * carried out once. */
static void
test_recover_once(void **state)
{
    (void)state;
    struct model *m = plug_bus(MODEL_PCI_MODERN);
    virtio_recover(probe.v, "first");
    virtio_recover(probe.v, "second");
    model_interrupt(m, VIRTIO_ISR_CONFIG);
    model_run();
    expect_recovered(m, 1);
    model_interrupt(m, VIRTIO_ISR_CONFIG);
    model_run();
    expect_recovered(m, 1);
    assert_int_equal(probe.config_changes, 1);
}

/* Row 31: it asks again and again. */
static void
test_needs_reset_for_ever(void **state)
{
    (void)state;
    struct model *m = plug_bus(MODEL_PCI_MODERN);
    for (unsigned i = 0; i < 100 && probe.v->running; i++) {
        model_needs_reset(m);
        model_run();
    }
    assert_true(probe.v->failed);
    assert_true(shim_log_has("too many resets"));
    assert_int_equal(shim_memory_pages(), 0);
    assert_int_equal(probe.stops, probe.probes);
    virtio_recover(probe.v, "no use");
    model_run();
    assert_false(probe.v->running);
    model_assert_clean();
}

/* Row 31: what is rare is borne for ever, and does not make the device's bad hour any longer. */
static void
test_rare_resets(void **state)
{
    (void)state;
    struct model *m = plug_bus(MODEL_PCI_MODERN);
    for (unsigned i = 1; i <= 100; i++) {
        shim_clock_advance(600 * NSEC_PER_SEC);
        model_needs_reset(m);
        model_run();
        expect_recovered(m, i);
    }
    for (unsigned i = 0; i < 16 + 6 && probe.v->running; i++) {
        model_needs_reset(m);
        model_run();
    }
    assert_true(probe.v->failed);
    model_assert_clean();
}

/* Rows 17, 26, 31: the reset of the recovery never ends: what the device has stays with it,
 * the driver hears of it through its queues. */
static void
test_recovery_hangs(void **state)
{
    for (unsigned b = 0; b < ARRAY_SIZE(buses); b++) {
        probe_reset(state);
        struct model *m = plug_bus(buses[b]);
        unsigned pages = shim_memory_pages(), callbacks = probe.callbacks;
        assert_true(pages > 0);
        model_lie(m, &(struct model_lies){.reset_ns = MODEL_NEVER});
        model_needs_reset(m);
        model_run();
        assert_true(probe.v->failed);
        assert_int_equal(shim_memory_pages(), pages);
        assert_int_equal(probe.tokens_back, 0);
        assert_int_equal(probe.callbacks, callbacks + PROBE_QUEUES);
        struct sg part = {probe.buffers[0], 32};
        for (unsigned i = 0; i < PROBE_QUEUES; i++)
            assert_int_equal(vq_add(probe.q[i], &part, 0, 1, &part), -EIO);
        /* The device goes on writing; the sanitizer would see it. */
        for (unsigned i = 0; i < 10; i++)
            clock_now();
        /* And leaving does not wait for it again. */
        uint64_t before = shim_clock();
        shim_shutdown();
        assert_true(shim_clock() - before < 10 * MSEC);
        model_assert_clean();
    }
}

/* Row 31 and 19: it comes back refusing. */
static void
test_recovery_refused(void **state)
{
    (void)state;
    struct model *m = plug_bus(MODEL_PCI_MODERN);
    model_lie(m, &(struct model_lies){.refuse = BIT(32)});
    model_needs_reset(m);
    model_run();
    expect_given_up(m);
    assert_int_equal(probe.stops, 2);
    struct sg part = {probe.buffers[0], 32};
    assert_int_equal(vq_add(probe.q[0], &part, 0, 1, &part), -EIO);
    model_assert_clean();
}

/* Row 8 in place: a queue broken by a lie leaves the device's other queue alone, and a
 * recovery makes it whole. */
static void
test_broken_queue(void **state)
{
    for (unsigned b = 0; b < ARRAY_SIZE(buses); b++) {
        probe_reset(state);
        struct model *m = plug_bus(buses[b]);
        model_push(m, 0, 5000, 32);
        model_run();
        assert_true(probe.q[0]->broken);
        assert_false(probe.q[1]->broken);
        assert_int_equal(probe.q[0]->violations, 1);
        assert_int_equal(shim_log_lines(LOG_ERROR), 1);
        shim_log_clear();
        virtio_recover(probe.v, "its queue is broken");
        model_run();
        expect_recovered(m, 1);
        assert_int_equal(probe.q[0]->violations, 1);
    }
}

/* What is given up is reset, marked FAILED and told so, once; a wish to start over comes too
 * late, whichever came first. */
static void
test_give_up(void **state)
{
    for (unsigned b = 0; b < 2 * ARRAY_SIZE(buses); b++) {
        probe_reset(state);
        struct model *m = plug_bus(buses[b / 2]);
        if (b % 2)
            virtio_recover(probe.v, "a test wants it");
        virtio_give_up(probe.v, "a test has no hope");
        if (!(b % 2))
            virtio_recover(probe.v, "a test wants it");
        model_run();
        expect_given_up(m);
        assert_true(shim_log_has("a test has no hope"));
        assert_int_equal(probe.starts, 1);
        assert_int_equal(probe.stops, 1);
        virtio_recover(probe.v, "a test wants it again");
        model_run();
        assert_int_equal(probe.starts, 1);
        assert_true(model_status(m) & VIRTIO_STATUS_FAILED);
        model_assert_clean();
    }
}

/* ---- interrupts ---- */

/* Row 60: interrupts at every register write, from before the reset on. */
static void
test_spurious_interrupts(void **state)
{
    for (unsigned b = 0; b < ARRAY_SIZE(buses); b++) {
        probe_reset(state);
        struct model_setup setup = probe_setup(buses[b]);
        setup.lies.spurious = true;
        struct model *m = probe_plug(setup);
        expect_up(m);
        model_needs_reset(m);
        model_run();
        expect_recovered(m, 1);
        shim_shutdown();
        model_run();
        model_assert_clean();
    }
}

static void
interrupt_now(struct virtio_device *v)
{
    virtio_queue_interrupt(v);
    virtio_config_interrupt(v);
    defer_run();
}

/* Row 60: an interrupt before the device runs, and after its reset, is nobody's. */
static void
test_interrupt_too_early(void **state)
{
    (void)state;
    probe.look = interrupt_now;
    struct model *m = plug_bus(MODEL_PCI_MODERN);
    expect_up(m);
    model_needs_reset(m);
    model_run();
    expect_recovered(m, 1);
    shim_shutdown();
    interrupt_now(probe.v);
    assert_int_equal(probe.callbacks, 0);
    assert_int_equal(probe.config_changes, 0);
    model_assert_clean();
}

/* Row 37: two devices on one line; each gets what is its own, and the line goes down. */
static void
test_shared_line(void **state)
{
    for (unsigned b = 0; b < ARRAY_SIZE(buses); b++) {
        probe_reset(state);
        struct model_setup setup = probe_setup(buses[b]);
        setup.serve = serve;
        struct model *first = model_new(&setup), *second = model_new(&setup);
        shim_discover();
        struct virtio_device *a = virtio_device_next(NULL), *z = virtio_device_next(a);
        model_run();
        uint64_t of_a = a->config_changes, of_z = z->config_changes;
        model_interrupt(first, VIRTIO_ISR_CONFIG);
        model_run();
        assert_int_equal(a->config_changes, of_a + 1);
        assert_int_equal(z->config_changes, of_z);
        model_interrupt(first, VIRTIO_ISR_CONFIG);
        model_interrupt(second, VIRTIO_ISR_CONFIG);
        model_run();
        assert_int_equal(a->config_changes, of_a + 2);
        assert_int_equal(z->config_changes, of_z + 1);
        model_assert_clean();
    }
}

/* Row 37: firmware left a device with its line up; nobody drives it, or somebody later. */
static void
test_line_left_up(void **state)
{
    for (unsigned driven = 0; driven < 2; driven++) {
        probe_reset(state);
        struct model_setup setup = probe_setup(MODEL_PCI_MODERN);
        setup.serve = serve;
        model_new(&setup);
        if (!driven)
            setup.type = VIRTIO_ID_ENTROPY;
        struct model *loud = model_new(&setup);
        model_interrupt(loud, VIRTIO_ISR_QUEUE);
        shim_discover();
        model_run();
        assert_true(virtio_device_next(NULL)->running);
        model_assert_clean();
    }
}

/* A device whose class nobody drives is listed and left alone. */
static void
test_nobodys_device(void **state)
{
    (void)state;
    struct model_setup setup = {.type = VIRTIO_ID_ENTROPY, .nr_queues = 1};
    struct model *m = probe_plug(setup);
    struct virtio_device *v = virtio_device_next(NULL);
    assert_non_null(v);
    assert_null(v->driver);
    assert_null(virtio_device_next(v));
    assert_int_equal(v->type, VIRTIO_ID_ENTROPY);
    assert_string_equal(v->where, "pci 00:01.0");
    assert_string_equal(v->transport->name, "pci-modern");
    assert_int_equal(model_resets(m), 0);
    assert_int_equal(model_status(m), 0);
    assert_int_equal(shim_log_lines(LOG_INFO), 0);
    model_assert_clean();
}

#define TEST(name) cmocka_unit_test_setup(name, probe_reset)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_bring_up),
        TEST(test_traffic),
        TEST(test_reset_takes_time),
        TEST(test_reset_never_ends),
        TEST(test_reset_without_clock),
        TEST(test_features_refused),
        TEST(test_version_1),
        TEST(test_features_arrive),
        TEST(test_fail_each_allocation),
        TEST(test_probe_says_no),
        TEST(test_queue_missing),
        TEST(test_no_interrupt),
        TEST(test_shutdown),
        TEST(test_config_read),
        TEST(test_model_polices_fields),
        TEST(test_config_torn),
        TEST(test_config_interrupt),
        TEST(test_needs_reset),
        TEST(test_recover_once),
        TEST(test_needs_reset_for_ever),
        TEST(test_rare_resets),
        TEST(test_recovery_hangs),
        TEST(test_recovery_refused),
        TEST(test_broken_queue),
        TEST(test_give_up),
        TEST(test_spurious_interrupts),
        TEST(test_interrupt_too_early),
        TEST(test_shared_line),
        TEST(test_line_left_up),
        TEST(test_nobodys_device),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

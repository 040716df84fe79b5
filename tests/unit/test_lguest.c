/*
 * The device page of lguest as a transport, against the model's host: every sentence of
 * docs/lguest.md on devices (checklist rows 6, 23, 25, 26, 42, 60, 61), honest and hostile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sanitizer/asan_interface.h>
#include <unistd.h>
#include <cmocka.h>
#include "arch/x86/lguest/lguest.h"
#include "arch/x86/lguest/parts.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "shim.h"
#include "probe.h"
#include "model/device.h"
#include "model/lguest.h"

/* Places in a descriptor with probe's two queues and a bitmap of 4 bytes. */
#define NUM_VQ      1
#define FEATURE_LEN 2
#define CONFIG_LEN  3
#define STATUS      4
#define QUEUE(n)    (5 + 8 * (n))
#define QUEUE_NUM   0
#define QUEUE_IRQ   2
#define QUEUE_PFN   4
#define FEATURES    (5 + 8 * PROBE_QUEUES)

#define RING_BITS  (BIT(VIRTIO_F_RING_INDIRECT) | BIT(VIRTIO_F_RING_EVENT_IDX))
#define ALL_MASKED ~(1u << LGUEST_IRQ_TIMER | 1u << LGUEST_IRQ_TERMINATE)

static int
host_reset(void **state)
{
    probe_reset(state);
    model_host_boot();
    return 0;
}

/* Bytes written into a descriptor before anybody walks the page. */
struct edit {
    unsigned at;
    uint32_t value;
    unsigned width;
};

static void
edit_apply(struct model *m, uint8_t *descriptor, void *arg)
{
    const struct edit *e = arg;

    (void)m;
    memcpy(descriptor + e->at, &e->value, e->width);
}

static void
echo_serve(struct model *m, unsigned queue, void *arg)
{
    struct model_chain c;

    (void)arg;
    while (model_pop(m, queue, &c))
        model_push(m, queue, c.head, model_write(&c, 0, "hello", 5));
}

static struct model_setup
setup_new(void)
{
    struct model_setup setup = probe_setup(MODEL_LGUEST);

    setup.features &= UINT32_MAX;
    setup.feature_len = 4;
    setup.serve = echo_serve;
    return setup;
}

/* Used up at once: all buffers came back by interrupt, none was lost. */
static void
expect_works(const struct model *m)
{
    assert_non_null(probe.v);
    assert_true(probe.v->running);
    assert_string_equal(probe.v->transport->name, "lguest");
    assert_int_equal(probe.reaped, PROBE_QUEUES * PROBE_BUFFERS);
    assert_int_equal(model_starts(m), 1);
    assert_int_equal(shim_log_lines(LOG_WARN), 0);
    model_assert_clean();
}

/* Given up: reset, FAILED notified, every line masked and free, nothing kept. */
static void
expect_given_up(struct model *m)
{
    struct irq_line *line;

    assert_true(probe.v->failed);
    assert_int_equal(model_host_descriptor(m)[STATUS] & VIRTIO_STATUS_FAILED,
                     VIRTIO_STATUS_FAILED);
    assert_int_equal(model_failures(m), 1);
    assert_int_equal(model_starts(m), 0);
    assert_int_equal(lguest_data.blocked_interrupts, ALL_MASKED);
    assert_int_equal(shim_log_lines(LOG_ERROR), 1);
    assert_true(shim_log_has("probe does not work"));
    for (unsigned i = 0; i < m->setup.nr_queues; i++) {
        assert_null(probe.v->queues[0]->area.desc);
        assert_int_equal(lguest_irq_claim(model_host_irq(m, i), &line), 0);
        lguest_irq_release(line);
    }
    model_assert_clean();
}

/* ---- the walk ---- */

static void
test_up(void **state)
{
    (void)state;
    struct model_setup setup = setup_new();
    struct model *m = probe_plug(setup);
    expect_works(m);
    assert_int_equal(model_status(m), VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER |
                                          VIRTIO_STATUS_DRIVER_OK);
    assert_int_equal(probe.q[0]->size, LGUEST_VRING_SIZE);
    assert_true(model_accepted(m) == ((PROBE_FEATURES | RING_BITS) & UINT32_MAX));
    assert_true(shim_log_lines(LOG_ERROR) == 0);
}

/* Rows 42 and 5: descriptors at every alignment, rings of every size; a queue's ring and
 * interrupt are its own. */
static void
test_unaligned(void **state)
{
    static const uint16_t sizes[] = {16, 4, 64, 256, 512, 1024, 2048, 8};
    unsigned up = 0;

    (void)state;
    for (unsigned i = 0; i < MODEL_MAX_DEVICES; i++) {
        struct model_setup setup = setup_new();
        setup.config_len = sizeof(probe_config) - i;
        setup.queue_size[0] = setup.queue_size[1] = sizes[i];
        model_new(&setup);
    }
    shim_discover();
    model_run();
    for (struct virtio_device *v = NULL; (v = virtio_device_next(v)); up++) {
        char where[24];
        snprintf(where, sizeof(where), "lguest %u", up);
        assert_string_equal(v->where, where);
        assert_true(v->running);
    }
    assert_int_equal(up, MODEL_MAX_DEVICES);
    assert_int_equal(shim_log_lines(LOG_WARN), 0);
    model_assert_clean();
}

static void
test_largest_ring(void **state)
{
    struct model_setup setup = setup_new();

    (void)state;
    setup.nr_queues = 1;
    probe.queues = 1;
    setup.queue_size[0] = VRING_SIZE_MAX;
    probe_plug(setup);
    assert_true(probe.v->running);
    assert_int_equal(probe.q[0]->size, VRING_SIZE_MAX);
    model_assert_clean();
}

static void
test_unknown_types(void **state)
{
    static const uint8_t unknown[] = {77, 1, 2, 3, 0, 9, 9, 9, 9, 9,
                                      9,  9, 9, 1, 2, 3, 4, 5, 6, 7};

    (void)state;
    model_host_append(unknown, sizeof(unknown));
    struct model_setup setup = setup_new();
    struct model *m = model_new(&setup);
    model_host_append(unknown, sizeof(unknown));
    shim_discover();
    model_run();
    assert_int_equal(shim_log_lines(LOG_WARN), 2);
    assert_true(shim_log_has("lguest 0: a device of type 77"));
    assert_true(shim_log_has("lguest 2: a device of type 77"));
    shim_log_clear();
    expect_works(m);
    assert_string_equal(probe.v->where, "lguest 1");
    assert_int_equal(model_host_page()[STATUS], 0);
}

/* Behind a good device, one whose parts reach over the page's end: a line, nothing of it is
 * touched, and nothing behind the page is read. */
static void
test_leaves_the_page(void **state)
{
    static const struct edit sizes[] = {
        {NUM_VQ, 255, 1}, {FEATURE_LEN, 255, 1}, {CONFIG_LEN, 255, 1}};

    for (unsigned i = 0; i < 3 * ARRAY_SIZE(sizes); i++) {
        uint8_t bad[LGUEST_DESC_HEADER] = {VIRTIO_ID_BLOCK, 0, 0, 0, 0};
        uint8_t filler[256] = {77, 0, 0, 251};
        host_reset(state);
        struct model_setup setup = setup_new();
        struct model *m = model_new(&setup);
        size_t used =
            model_host_descriptor(m) + 5 + 8 * 2 + 8 + sizeof(probe_config) - model_host_page();
        /* So that 5, 3 or 1 bytes of the page are left. */
        for (size_t left = 4096 - used - (5 - 2 * (i / 3)), now; left; left -= now) {
            now = MIN(left, sizeof(filler));
            if (left - now > 0 && left - now < 5)
                now -= 5;
            filler[3] = (uint8_t)(now - 5);
            model_host_append(filler, now);
        }
        bad[sizes[i % 3].at] = (uint8_t)sizes[i % 3].value;
        model_host_append(bad, 5 - 2 * (i / 3));
        uint8_t before[4096];
        memcpy(before, model_host_page(), sizeof(before));
        shim_discover();
        model_run();
        assert_true(shim_log_has("its descriptor leaves the page"));
        assert_int_equal(probe.probes, 1);
        assert_int_equal(model_starts(m), 1);
        assert_memory_equal(before + used, model_host_page() + used, 4096 - used);
        model_assert_clean();
    }
}

/* A page that is full to its last byte ends there. */
static void
test_full_page(void **state)
{
    static const uint8_t none[LGUEST_DESC_HEADER + 1] = {77, 0, 0, 1};

    (void)state;
    for (unsigned at = 0; at + 16 <= 4096; at += 6)
        model_host_append(none, sizeof(none));
    uint8_t last[] = {VIRTIO_ID_ENTROPY, 0, 0, 5, 0, 1, 2, 3, 4, 5};
    model_host_append(last, 4096 - 4086 /* 681 times 6 */);
    ASAN_POISON_MEMORY_REGION(model_host_page() + 4096, 4096);
    shim_discover();
    ASAN_UNPOISON_MEMORY_REGION(model_host_page() + 4096, 4096);
    assert_non_null(virtio_device_next(NULL));
    assert_int_equal(virtio_device_next(NULL)->type, VIRTIO_ID_ENTROPY);
    assert_false(shim_log_has("leaves the page"));
}

static void
test_empty_page(void **state)
{
    (void)state;
    shim_discover();
    assert_null(virtio_device_next(NULL));
    assert_int_equal(shim_log_lines(LOG_INFO), 0);
}

/* What decided where things lie is read once: a page that changes later moves nothing. */
static void
test_page_changes(void **state)
{
    static const uint8_t wild[] = {VIRTIO_ID_BLOCK, 255, 255, 255};
    uint8_t value[4];

    (void)state;
    struct model_setup setup = setup_new();
    struct model *m = probe_plug(setup);
    memcpy(model_host_descriptor(m), wild, sizeof(wild));
    assert_int_equal(virtio_config_read(probe.v, 8, value, 4), 0);
    assert_memory_equal(value, (const uint8_t *)&probe_config + 8, 4);
    assert_int_equal(virtio_config_read(probe.v, sizeof(probe_config), value, 1), -EINVAL);
    assert_true(probe.v->transport->get_features(probe.v) == setup.features);
}

/* Random pages: whatever is found, nothing outside of them and of the rings is touched, and
 * every walk ends. */
static void
test_random_pages(void **state)
{
    unsigned seed = 1;

    for (unsigned round = 0; round < 3000; round++) {
        host_reset(state);
        uint8_t *page = model_host_page();
        for (unsigned i = 0; i < 4096; i++) {
            seed = seed * 1103515245 + 12345;
            page[i] = seed >> 16;
        }
        /* Half of them begin with something that looks like a block device. */
        if (round % 2) {
            uint32_t pfn = (uintptr_t)page / 4096 + seed % 300;
            page[0] = VIRTIO_ID_BLOCK;
            page[QUEUE(0) + QUEUE_NUM] = 0;
            page[QUEUE(0) + QUEUE_NUM + 1] = 1;
            memcpy(page + QUEUE(0) + QUEUE_PFN, &pfn, 4);
        }
        shim_discover();
        for (struct virtio_device *v = NULL; (v = virtio_device_next(v));)
            assert_true(v->type >= VIRTIO_ID_NET && v->type <= VIRTIO_ID_ENTROPY);
    }
}

/* ---- features ---- */

/* Two bitmaps of any length; what lies beyond 32 bits is ignored, and all bytes of the second
 * are written, with nothing that was not offered or that the ring does not know. */
static void
test_feature_lengths(void **state)
{
    for (unsigned len = 0; len <= 12; len++) {
        host_reset(state);
        struct model_setup setup = setup_new();
        setup.features = UINT64_MAX;
        setup.feature_len = (uint8_t)len;
        struct model *m = probe_plug(setup);
        uint64_t bits = len < 4 ? BIT(8 * len) - 1 : UINT32_MAX;
        uint64_t ring = RING_BITS | BIT(VIRTIO_F_ANY_LAYOUT);
        expect_works(m);
        assert_true(model_accepted(m) == ((PROBE_FEATURES | ring) & bits));
        assert_true(probe.v->negotiated == model_accepted(m));
    }
}

/* ---- configuration ---- */

static void
test_config(void **state)
{
    static const size_t lens[] = {0, 1, 2, 3, 4, 8, 60, SIZE_MAX, SIZE_MAX - 3};
    size_t whole = sizeof(probe_config);

    (void)state;
    struct model_setup setup = setup_new();
    struct model *m = probe_plug(setup);
    for (size_t at = 0; at <= whole + 8; at++) {
        for (unsigned i = 0; i < ARRAY_SIZE(lens); i++) {
            size_t width = lens[i] == 2 ? 2 : lens[i] == 4 || lens[i] == 8 ? 4 : 1;
            bool inside = lens[i] && at <= whole && lens[i] <= whole - at && at % width == 0;
            uint8_t got[128], before[4096];
            memset(got, 0x5a, sizeof(got));
            memcpy(before, model_host_page(), sizeof(before));
            assert_int_equal(virtio_config_read(probe.v, at, got, lens[i]),
                             inside ? 0 : -EINVAL);
            for (size_t b = 0; b < sizeof(got); b++)
                assert_int_equal(got[b],
                                 inside && b < lens[i] ? model_config(m)[at + b] : 0x5a);
            if (!inside && lens[i] == 4)
                assert_int_equal(virtio_config_write32(probe.v, at, 0), -EINVAL);
            assert_memory_equal(before, model_host_page(), sizeof(before));
        }
    }
    assert_int_equal(virtio_config_read(probe.v, SIZE_MAX, NULL, 2), -EINVAL);
    assert_int_equal(virtio_config_write32(probe.v, SIZE_MAX - 1, 0), -EINVAL);
}

static void
test_config_set(void **state)
{
    (void)state;
    struct model_setup setup = setup_new();
    struct model *m = probe_plug(setup);
    uint8_t expected[sizeof(probe_config)];
    memcpy(expected, &probe_config, sizeof(expected));
    memcpy(expected + 20, "\1\2\3\4", 4);
    assert_int_equal(virtio_config_write32(probe.v, 20, 0x04030201), 0);
    assert_memory_equal(model_config(m), expected, sizeof(expected));
    assert_int_equal(model_host_descriptor(m)[STATUS], 7);
}

/* ---- status ---- */

/* The host dies of a second start: bits that come later are only written. */
static void
test_one_start(void **state)
{
    (void)state;
    struct model_setup setup = setup_new();
    struct model *m = probe_plug(setup);
    unsigned calls = model_host.calls[LHCALL_NOTIFY];
    probe.v->transport->set_status(probe.v, 7);
    probe.v->transport->set_status(probe.v, 7 | 32);
    assert_int_equal(model_host.calls[LHCALL_NOTIFY], calls);
    assert_int_equal(model_host_descriptor(m)[STATUS], 7 | 32);
    expect_works(m);
}

static void
test_reset_and_again(void **state)
{
    (void)state;
    struct model_setup setup = setup_new();
    setup.lies.never_serve = true;
    struct model *m = probe_plug(setup);
    for (unsigned i = 2; i < 6; i++) {
        virtio_recover(probe.v, "the test wants it");
        model_run();
        assert_true(probe.v->running);
        assert_int_equal(model_resets(m), i);
        assert_int_equal(model_starts(m), i);
        assert_int_equal(probe.tokens_back, (i - 1) * PROBE_QUEUES * PROBE_BUFFERS);
    }
    model_assert_clean();
}

/* Row 26. */
static void
test_probe_fails(void **state)
{
    (void)state;
    struct model_setup setup = setup_new();
    probe.fail = -EIO;
    struct model *m = probe_plug(setup);
    expect_given_up(m);
    assert_int_equal(probe.tokens_back, PROBE_QUEUES * PROBE_BUFFERS);
    assert_int_equal(model_notified(m, 0), 0);
}

/* A host that writes the status back: the reset never ends, and what the device was given
 * stays its own. */
static void
test_reset_refused(void **state)
{
    (void)state;
    struct model_setup setup = setup_new();
    struct model *m = probe_plug(setup);
    model_lie(m, &(struct model_lies){.reset_ns = MODEL_NEVER});
    virtio_recover(probe.v, "the test wants it");
    model_run();
    assert_true(probe.v->stuck && probe.v->failed);
    assert_int_equal(lguest_data.blocked_interrupts, ALL_MASKED);
    assert_non_null(probe.v->queues[0]->area.desc);
    model_assert_clean();
}

/* ---- find_vq ---- */

/* Row 6, and everything else that a queue's entry may be wrong about: the device is given up,
 * the one beside it works. */
static void
test_bad_queues(void **state)
{
    enum { RAM = 1, PAGE_ITSELF, OTHER, OTHERS_END, PAST, ALMOST_PAST, FAR };
    static const struct {
        unsigned at, width;
        uint32_t value; /* or, for a page, which */
    } bad[] = {
        {QUEUE_NUM, 2, 0},          {QUEUE_NUM, 2, 3},           {QUEUE_NUM, 2, 100},
        {QUEUE_NUM, 2, 0xffff},     {QUEUE_IRQ, 2, 0},           {QUEUE_IRQ, 2, 32},
        {QUEUE_IRQ, 2, 77},         {QUEUE_IRQ, 2, 0xffff},      {QUEUE_IRQ, 2, 1},
        {QUEUE_PFN, 4, RAM},        {QUEUE_PFN, 4, PAGE_ITSELF}, {QUEUE_PFN, 4, OTHER},
        {QUEUE_PFN, 4, OTHERS_END}, {QUEUE_PFN, 4, PAST},        {QUEUE_PFN, 4, ALMOST_PAST},
        {QUEUE_PFN, 4, FAR},
    };

    for (unsigned i = 0; i < 2 * ARRAY_SIZE(bad); i++) {
        unsigned queue = i % 2, at = bad[i / 2].at;
        struct edit edit = {QUEUE(queue) + at, bad[i / 2].value, bad[i / 2].width};
        host_reset(state);
        struct model_setup setup = setup_new();
        struct model *good = model_new(&setup);
        uint32_t page = (uintptr_t)model_host_page() / 4096;
        const uint32_t pages[] = {0,
                                  page - 1,
                                  page,
                                  model_host_ring(good, 0) / 4096,
                                  model_host_ring(good, 1) / 4096 + 2,
                                  page + 256,
                                  page + 254,
                                  UINT32_MAX};
        if (at == QUEUE_PFN)
            edit.value = pages[edit.value];
        setup.edit = edit_apply;
        setup.arg = &edit;
        struct model *m = model_new(&setup);
        shim_discover();
        model_run();
        assert_int_equal(probe.probes, 2);
        assert_true(probe.v->failed);
        assert_int_equal(model_failures(m), 1);
        assert_int_equal(model_starts(m), 0);
        assert_int_equal(shim_log_lines(LOG_ERROR), 1);
        assert_true(shim_log_has("lguest 1: probe does not work"));
        assert_true(virtio_device_next(NULL)->running);
        /* Open are those of the good one alone. */
        assert_int_equal(~lguest_data.blocked_interrupts & ALL_MASKED, 1u << 1 | 1u << 2);
        model_assert_clean();
    }
}

/* The descriptors are nobody's ring, even where no other ring is in the way. */
static void
test_ring_on_the_page(void **state)
{
    struct edit edit = {QUEUE(0) + QUEUE_PFN, (uintptr_t)model_host_page() / 4096, 4};

    (void)state;
    struct model_setup setup = setup_new();
    setup.edit = edit_apply;
    setup.arg = &edit;
    struct model *m = model_new(&setup);
    uint8_t before[FEATURES];
    memcpy(before, model_host_descriptor(m), sizeof(before));
    shim_discover();
    model_run();
    before[STATUS] = VIRTIO_STATUS_FAILED;
    assert_memory_equal(before, model_host_descriptor(m), sizeof(before));
    expect_given_up(m);
}

static void
test_no_such_queue(void **state)
{
    (void)state;
    struct model_setup setup = setup_new();
    setup.nr_queues = 1;
    struct model *m = probe_plug(setup);
    assert_true(shim_log_has("(error 2)"));
    expect_given_up(m);
}

/* The only rules about interrupts are those: 31 is as good as any other. */
static void
test_irq_31(void **state)
{
    struct edit edit = {QUEUE(0) + QUEUE_IRQ, 31, 2};

    (void)state;
    struct model_setup setup = setup_new();
    setup.edit = edit_apply;
    setup.arg = &edit;
    setup.serve = NULL;
    probe_plug(setup);
    assert_true(probe.v->running);
    unsigned before = probe.callbacks;
    model_host_raise(31);
    model_run();
    assert_int_equal(probe.callbacks, before + 1);
    assert_int_equal(model_host.asked, 0);
    /* The next tests expect it to be the launcher's again. */
    lguest_data.blocked_interrupts |= 1u << 31;
}

/* Each allocation on the way fails once: given up or running, never half, and all is free
 * again. */
static void
test_no_memory(void **state)
{
    bool failed = true;

    for (long n = 0; failed; n++) {
        host_reset(state);
        struct model_setup setup = setup_new();
        struct model *m = model_new(&setup);
        shim_memory_fail_after(n);
        shim_discover();
        shim_memory_fail_after(-1);
        model_run();
        failed = !probe.v || !probe.v->running;
        if (failed) {
            assert_int_equal(shim_log_lines(LOG_ERROR), 1);
            assert_int_equal(lguest_data.blocked_interrupts, ALL_MASKED);
        } else {
            expect_works(m);
        }
        model_assert_clean();
        assert_true(n < 50);
    }
}

/* ---- interrupts and notifications ---- */

/* Each queue has an interrupt and a handler of its own. */
static void
test_own_interrupts(void **state)
{
    (void)state;
    struct model_setup setup = setup_new();
    setup.serve = NULL;
    struct model *m = probe_plug(setup);
    uint64_t before[] = {probe.q[0]->interrupts, probe.q[1]->interrupts};
    model_host_raise(model_host_irq(m, 1));
    model_run();
    assert_int_equal(probe.q[0]->interrupts, before[0]);
    assert_int_equal(probe.q[1]->interrupts, before[1] + 1);
    assert_int_equal(~lguest_data.blocked_interrupts & ALL_MASKED,
                     1u << model_host_irq(m, 0) | 1u << model_host_irq(m, 1));
}

static void
look_and_raise(struct virtio_device *v)
{
    (void)v;
    model_host_raise(1);
    model_host_raise(2);
    platform->irq_restore(true);
    defer_run();
}

/* Row 60: interrupts without a reason, at every step; from before the queues exist until after
 * they have gone. */
static void
test_spurious(void **state)
{
    (void)state;
    struct model_setup setup = setup_new();
    setup.lies.spurious = true;
    probe.look = look_and_raise;
    struct model *m = probe_plug(setup);
    assert_true(probe.v->running);
    assert_int_equal(probe.reaped, PROBE_QUEUES * PROBE_BUFFERS);
    virtio_recover(probe.v, "the test wants it");
    model_run();
    assert_true(probe.v->running);
    shim_shutdown();
    unsigned callbacks = probe.callbacks;
    model_interrupt(m, VIRTIO_ISR_QUEUE);
    model_run();
    assert_int_equal(probe.callbacks, callbacks);
    model_assert_clean();
}

/* Between the handler's attachment and the start there is nothing to reap yet. */
static void
test_interrupt_before_start(void **state)
{
    (void)state;
    struct model_setup setup = setup_new();
    setup.lies.never_serve = true;
    struct model *m = probe_plug(setup);
    unsigned callbacks = probe.callbacks;
    probe.v->running = false;
    model_interrupt(m, VIRTIO_ISR_QUEUE);
    model_run();
    assert_int_equal(probe.callbacks, callbacks);
    assert_int_equal(probe.v->interrupts, PROBE_QUEUES);
}

static void
look_and_kick(struct virtio_device *v)
{
    struct virtqueue q = {.device = v, .area.desc = (void *)model_host_ring(model_at(0), 0)};

    v->transport->notify(v, &q);
}

/* Row 25. */
static void
test_kick_before_start(void **state)
{
    (void)state;
    struct model_setup setup = setup_new();
    probe.look = look_and_kick;
    struct model *m = probe_plug(setup);
    expect_works(m);
    assert_int_equal(model_notified(m, 0), 1);
    /* Nor after a reset. */
    probe.v->transport->set_status(probe.v, 0);
    probe.v->transport->notify(probe.v, probe.q[0]);
    assert_int_equal(model_notified(m, 0), 1);
    model_assert_clean();
}

/* del_vq before the start: what was set up goes, and all of it. */
static void
test_release_before_start(void **state)
{
    (void)state;
    struct model_setup setup = setup_new();
    struct model *m = probe_plug(setup);
    unsigned live = shim_memory_live();
    struct virtqueue q = {.device = probe.v, .index = 0};
    virtio_recover(probe.v, "the test wants it");
    model_run();
    assert_int_equal(shim_memory_live(), live);
    probe.v->transport->queue_release(probe.v, &q);                          /* never set up */
    assert_int_equal(probe.v->transport->queue_setup(probe.v, &q), -EINVAL); /* it is taken */
    assert_null(q.area.desc);
    assert_int_equal(shim_memory_live(), live);
    assert_int_equal(model_starts(m), 2);
    model_assert_clean();
}

/* ---- hostile rings ---- */

static void
wild_serve(struct model *m, unsigned queue, void *arg)
{
    struct model_chain c;

    while (model_pop(m, queue, &c))
        model_push(m, queue, c.head + *(unsigned *)arg, 5);
}

/* Row 8 on this bus: the queue breaks, with one line. */
static void
test_wild_used_id(void **state)
{
    static unsigned offset = 256;

    (void)state;
    struct model_setup setup = setup_new();
    setup.serve = wild_serve;
    setup.arg = &offset;
    probe_plug(setup);
    assert_true(probe.q[0]->broken && probe.q[1]->broken);
    assert_int_equal(probe.reaped, 0);
    assert_true(shim_log_has("lguest 0: queue 0 (first) is broken"));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, host_reset)
    const struct CMUnitTest tests[] = {
        TEST(test_up),
        TEST(test_unaligned),
        TEST(test_largest_ring),
        TEST(test_unknown_types),
        TEST(test_leaves_the_page),
        TEST(test_full_page),
        TEST(test_empty_page),
        TEST(test_page_changes),
        TEST(test_random_pages),
        TEST(test_feature_lengths),
        TEST(test_config),
        TEST(test_config_set),
        TEST(test_one_start),
        TEST(test_reset_and_again),
        TEST(test_probe_fails),
        TEST(test_reset_refused),
        TEST(test_bad_queues),
        TEST(test_ring_on_the_page),
        TEST(test_no_such_queue),
        TEST(test_no_memory),
        TEST(test_own_interrupts),
        TEST(test_spurious),
        TEST(test_interrupt_before_start),
        TEST(test_kick_before_start),
        TEST(test_release_before_start),
        TEST(test_wild_used_id),
        TEST(test_irq_31),
    };
    return cmocka_run_group_tests_name("lguest", tests, NULL, NULL);
}

/*
 * The PCI bus of virtio against the model: identification, both faces, capability lists as
 * they should not be (checklist rows 6, 32 to 35, 38, 39, 62), and a storm of random
 * configuration spaces.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "kernel/platform.h"
#include "shim.h"
#include "probe.h"

/* Places in a vendor capability (virtio 1.2, 4.1.4). */
#define CAP_NEXT   1
#define CAP_LEN    2
#define CAP_TYPE   3
#define CAP_BAR    4
#define CAP_OFFSET 8
#define CAP_LENGTH 12

enum { COMMON, NOTIFY, ISR, DEVICE };

static struct virtio_device *
plug(struct model_setup setup)
{
    probe_plug(setup);
    return virtio_device_next(NULL);
}

static void
expect_up(const char *transport)
{
    assert_non_null(probe.v);
    assert_true(probe.v->running);
    assert_string_equal(probe.v->transport->name, transport);
    assert_int_equal(shim_log_lines(LOG_ERROR), 0);
    model_assert_clean();
}

/* ---- identification ---- */

/* Row 39: ids, types, the face that is chosen, and what is none of ours. */
static void
test_ids(void **state)
{
    static const struct {
        uint16_t vendor, device, subsystem;
        int type; /* -1: not a virtio device */
    } ids[] = {
        {0x1af4, 0x1042, 0x1100, 2}, {0x1af4, 0x1041, 2, 1},  {0x1af4, 0x1001, 2, 2},
        {0x1af4, 0x1000, 2, 2},      {0x1af4, 0x103f, 2, 2},  {0x1af4, 0x1005, 4, 4},
        {0x1af4, 0x107f, 9, 63},     {0x1af4, 0x0fff, 2, -1}, {0x1af4, 0x1080, 2, -1},
        {0x1af4, 0x1110, 2, -1},     {0x1af5, 0x1042, 2, -1}, {0x1af4, 0x1040, 2, -1},
        {0x1af4, 0x1001, 0, -1},
    };
    static unsigned at;
    for (at = 0; at < ARRAY_SIZE(ids); at++) {
        probe_reset(state);
        struct model_setup setup = probe_setup(MODEL_PCI_TRANSITIONAL);
        struct model *m = model_new(&setup);
        uint16_t words[] = {ids[at].vendor, ids[at].device, ids[at].subsystem};
        model_pci_poke(m, 0, &words[0], 2);
        model_pci_poke(m, 2, &words[1], 2);
        model_pci_poke(m, 0x2e, &words[2], 2);
        shim_discover();
        struct virtio_device *v = virtio_device_next(NULL);
        if (ids[at].type < 0) {
            assert_null(v);
            continue;
        }
        assert_non_null(v);
        assert_int_equal(v->type, ids[at].type);
        assert_int_equal(v->driver != NULL, ids[at].type == VIRTIO_ID_BLOCK);
    }
}

/* Eight devices: order, places, none lost. */
static void
test_many(void **state)
{
    unsigned n = 0;

    (void)state;
    for (unsigned i = 0; i < MODEL_MAX_DEVICES; i++) {
        struct model_setup setup = probe_setup(i % 3);
        setup.irq = i % 2 ? 10 : 11;
        model_new(&setup);
    }
    shim_discover();
    model_run();
    for (struct virtio_device *v = NULL; (v = virtio_device_next(v)); n++) {
        char where[24];
        snprintf(where, sizeof(where), "pci 00:%02x.0", n + 1);
        assert_string_equal(v->where, where);
        assert_true(v->running);
    }
    assert_int_equal(n, MODEL_MAX_DEVICES);
    model_assert_clean();
}

/* ---- legacy ---- */

/* Row 32: 20 ports of registers, 24 only while MSI-X is enabled, as firmware may have left it;
 * a machine without a local APIC has no use for it. */
static void
msix_enable(struct model *m, uint8_t *config, void *arg)
{
    (void)m;
    config[model_msix_at() + 3] |= *(bool *)arg ? 0x80 : 0;
}

static void
test_legacy_config_place(void **state)
{
    for (unsigned i = 0; i < 6; i++) {
        probe_reset(state);
        bool enabled = i % 3 == 2;
        model_apic_remove(i < 3);
        struct model_setup setup = probe_setup(MODEL_PCI_LEGACY);
        setup.msix = i % 3 ? 3 : 0;
        setup.edit = setup.msix ? msix_enable : NULL;
        setup.arg = &enabled;
        plug(setup);
        expect_up("pci-legacy");
        uint64_t capacity;
        assert_int_equal(virtio_config_read64(probe.v, 0, &capacity), 0);
        assert_true(capacity == probe_config.capacity);
        model_assert_clean();
    }
}

static void
legacy_spoil(struct model *m, uint8_t *config, void *arg)
{
    (void)m;
    memcpy(config + 0x10, arg, 4);
}

/* A legacy device without its block of ports. */
static void
test_legacy_without_ports(void **state)
{
    static uint32_t values[] = {0, 0xfe000000};

    for (unsigned i = 0; i < ARRAY_SIZE(values); i++) {
        probe_reset(state);
        struct model_setup setup = probe_setup(MODEL_PCI_LEGACY);
        setup.edit = legacy_spoil;
        setup.arg = &values[i];
        assert_null(plug(setup));
        assert_null(probe.v);
        assert_int_equal(shim_log_lines(LOG_ERROR), 1);
        assert_true(shim_log_has("pci 00:01.0: virtio block cannot be used"));
        assert_int_equal(shim_memory_live(), 0);
        model_assert_clean();
    }
}

/* A machine whose firmware left the address out. */
static void
test_legacy_without_address(void **state)
{
    static uint32_t unplaced = 1;

    (void)state;
    struct model_setup setup = probe_setup(MODEL_PCI_LEGACY);
    setup.edit = legacy_spoil;
    setup.arg = &unplaced;
    plug(setup);
    expect_up("pci-legacy");
    model_assert_clean();
}

/* Rows 5, 6, 33: every queue size, on both faces; alignment is the model's to see. */
static void
test_queue_sizes(void **state)
{
    static const uint16_t sizes[] = {4, 8, 64, 256, 1024, 32768};

    for (unsigned i = 0; i < 2 * ARRAY_SIZE(sizes); i++) {
        probe_reset(state);
        struct model_setup setup = probe_setup(i % 2 ? MODEL_PCI_LEGACY : MODEL_PCI_MODERN);
        setup.queue_size[0] = sizes[i / 2];
        plug(setup);
        expect_up(i % 2 ? "pci-legacy" : "pci-modern");
        assert_int_equal(probe.q[0]->size, sizes[i / 2]);
    }
}

/* ---- modern ---- */

/* Rows 34 and 35: the windows wherever they may be. */
static void
test_modern_places(void **state)
{
    static const struct {
        bool io, wide, shared_notify;
        uint64_t address;
    } places[] = {
        {false, false, false, 0},
        {true, false, false, 0},
        {false, true, false, 0},
        {false, false, true, 0},
        {true, false, true, 0},
        {false, true, true, 0xe0000000},
        {false, true, false, 0xffffc000 - 0x4000},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
        probe_reset(state);
        struct model_setup setup = probe_setup(MODEL_PCI_MODERN);
        setup.io_bars = places[i].io;
        setup.bar_64 = places[i].wide;
        setup.notify_multiplier_0 = places[i].shared_notify;
        setup.bar_address = places[i].address;
        plug(setup);
        expect_up("pci-modern");
        uint64_t capacity;
        assert_int_equal(virtio_config_read64(probe.v, 0, &capacity), 0);
        assert_true(capacity == probe_config.capacity);
        model_assert_clean();
    }
}

/* Row 34: above 4 GiB registers are reached through configuration space, one at a time, by
 * interrupt handlers too; the model polices the widths. */
static void
test_config_window(void **state)
{
    for (unsigned i = 0; i < 4; i++) {
        probe_reset(state);
        struct model_setup setup = probe_setup(MODEL_PCI_MODERN);
        setup.bar_64 = true;
        setup.bar_address = i % 2 ? 0x800000000 : 0x100000000;
        setup.msix = i / 2 ? 3 : 0;
        struct model *m = model_new(&setup);
        shim_discover();
        model_run();
        expect_up("pci-modern");
        uint64_t capacity;
        assert_int_equal(virtio_config_read64(probe.v, 0, &capacity), 0);
        assert_true(capacity == probe_config.capacity);
        assert_true(model_notified(m, 0) > 0);
        model_interrupt(m, VIRTIO_ISR_CONFIG);
        model_run();
        assert_int_equal(probe.config_changes, 1);
        model_assert_clean();
    }
}

/* Without that window they are out of reach: one clear line. A transitional device has its
 * ports. */
static void
test_above_4g(void **state)
{
    (void)state;
    struct model_setup setup = probe_setup(MODEL_PCI_MODERN);
    setup.bar_64 = true;
    setup.bar_address = 0x800000000;
    setup.no_config_window = true;
    assert_null(plug(setup));
    assert_int_equal(shim_log_lines(LOG_ERROR), 1);
    assert_true(shim_log_has("above 4 GiB"));
    assert_int_equal(shim_memory_live(), 0);
    model_assert_clean();

    probe_reset(NULL);
    setup.bus = MODEL_PCI_TRANSITIONAL;
    plug(setup);
    expect_up("pci-legacy");
}

/* One wrong byte or word in one capability. */
struct spoil {
    unsigned cap, at, width;
    uint32_t value;
    bool harmless; /* of no consequence for what is used */
};

static void
spoil_edit(struct model *m, uint8_t *config, void *arg)
{
    const struct spoil *s = arg;

    (void)m;
    memcpy(config + model_capability_at(s->cap) + s->at, &s->value, s->width);
}

static const struct spoil spoils[] = {
    {COMMON, CAP_LEN, 1, 15, false},
    {COMMON, CAP_LEN, 1, 0, false},
    {COMMON, CAP_LEN, 1, 255, false},
    {NOTIFY, CAP_LEN, 1, 16, false},
    {NOTIFY, CAP_LEN, 1, 19, false},
    {ISR, CAP_LEN, 1, 2, false},
    {COMMON, CAP_BAR, 1, 6, false},
    {COMMON, CAP_BAR, 1, 255, false},
    {COMMON, CAP_BAR, 1, 1, false}, /* not implemented */
    {NOTIFY, CAP_BAR, 1, 5, false},
    {ISR, CAP_BAR, 1, 7, false},
    {COMMON, CAP_OFFSET, 4, 0x4000, false},
    {COMMON, CAP_OFFSET, 4, 0x4000 - 55, false},
    {COMMON, CAP_OFFSET, 4, 0xffffffff, false},
    {COMMON, CAP_OFFSET, 4, 0xfffffff0, false},
    {COMMON, CAP_OFFSET, 4, 2, false}, /* alignment */
    {NOTIFY, CAP_OFFSET, 4, 0x2001, false},
    {NOTIFY, CAP_OFFSET, 4, 0x3fff, false},
    {ISR, CAP_OFFSET, 4, 0x4000, false},
    {COMMON, CAP_LENGTH, 4, 55, false},
    {COMMON, CAP_LENGTH, 4, 0, false},
    {COMMON, CAP_LENGTH, 4, 0x4001, false},
    {COMMON, CAP_LENGTH, 4, 0xffffffff, false},
    {NOTIFY, CAP_LENGTH, 4, 1, false},
    {NOTIFY, CAP_LENGTH, 4, 0xfffffffe, false},
    {ISR, CAP_LENGTH, 4, 0, false},
    {COMMON, CAP_TYPE, 1, 0, false},
    {COMMON, CAP_TYPE, 1, 5, false},
    {ISR, CAP_TYPE, 1, 200, false},
    {COMMON, CAP_NEXT, 1, 0, false},
    {COMMON, CAP_NEXT, 1, 0x40, false}, /* names itself */
    {NOTIFY, CAP_NEXT, 1, 0x40, false}, /* a ring of two */
    {COMMON, CAP_NEXT, 1, 0x04, false}, /* into the header */
    {COMMON, 0, 1, 0x05, false},
    {DEVICE, CAP_NEXT, 1, 0x40, true},
    {DEVICE, CAP_NEXT, 1, 0xfc, true},
};

/* Row 34: refused with one line where nothing else is left, and by the other face where one
 * is; nothing outside the BARs is touched either way. */
static void
test_bad_capabilities(void **state)
{
    for (unsigned i = 0; i < 2 * ARRAY_SIZE(spoils); i++) {
        struct spoil spoil = spoils[i / 2];
        probe_reset(state);
        struct model_setup setup =
            probe_setup(i % 2 ? MODEL_PCI_TRANSITIONAL : MODEL_PCI_MODERN);
        setup.edit = spoil_edit;
        setup.arg = &spoil;
        struct virtio_device *v = plug(setup);
        if (spoil.harmless) {
            expect_up("pci-modern");
        } else if (i % 2) {
            expect_up("pci-legacy");
        } else {
            assert_null(v);
            assert_int_equal(shim_log_lines(LOG_ERROR), 1);
            assert_true(shim_log_has("no usable set of registers"));
            assert_int_equal(shim_memory_live(), 0);
        }
        model_assert_clean();
    }
}

/* The device configuration is optional: without it there is nothing to read. */
static void
test_no_device_window(void **state)
{
    struct spoil spoil = {DEVICE, CAP_BAR, 1, 6, true};
    uint32_t value = 77;

    (void)state;
    struct model_setup setup = probe_setup(MODEL_PCI_MODERN);
    setup.edit = spoil_edit;
    setup.arg = &spoil;
    plug(setup);
    expect_up("pci-modern");
    assert_int_equal(virtio_config_read32(probe.v, 0, &value), -EINVAL);
    assert_int_equal(value, 77);
    model_assert_clean();
}

/* Row 35: a notification place outside its window. */
static void
test_notify_outside(void **state)
{
    static const uint32_t multipliers[] = {32, 0x10000, 0xffffffff, 0x80000000};

    for (unsigned i = 0; i < ARRAY_SIZE(multipliers); i++) {
        struct spoil spoil = {NOTIFY, 16, 4, multipliers[i], false};
        probe_reset(state);
        struct model_setup setup = probe_setup(MODEL_PCI_MODERN);
        setup.edit = spoil_edit;
        setup.arg = &spoil;
        struct virtio_device *v = plug(setup);
        assert_non_null(v);
        assert_true(v->failed);
        assert_int_equal(shim_memory_pages(), 0);
        model_assert_clean();
    }
}

/* Of two capabilities for one purpose the first that can be used wins. The second set lies in
 * the second half of the BAR, where the model has nothing. */
static void
double_edit(struct model *m, uint8_t *config, void *arg)
{
    unsigned first = model_capability_at(COMMON), device = model_capability_at(DEVICE);
    uint8_t good[16];

    (void)m;
    memcpy(good, config + first, sizeof(good));
    if (*(bool *)arg) {
        /* A broken one in front: the good one moves to the end of the list. */
        config[first + CAP_BAR] = 6;
        memcpy(config + 0xa0, good, sizeof(good));
    } else {
        memcpy(config + 0xa0, good, sizeof(good));
        config[0xa0 + CAP_OFFSET + 1] = 0x0f;
    }
    config[device + CAP_NEXT] = 0xa0;
    config[0xa0 + CAP_NEXT] = 0;
}

static void
test_first_usable_wins(void **state)
{
    for (unsigned i = 0; i < 2; i++) {
        bool broken_first = i;
        probe_reset(state);
        struct model_setup setup = probe_setup(MODEL_PCI_MODERN);
        setup.edit = double_edit;
        setup.arg = &broken_first;
        plug(setup);
        expect_up("pci-modern");
    }
}

/* Row 62: ACCESS_PLATFORM is taken, since bus addresses are physical addresses here. */
static void
test_access_platform(void **state)
{
    struct model_setup setup = probe_setup(MODEL_PCI_MODERN);

    (void)state;
    setup.features |= BIT(VIRTIO_F_ACCESS_PLATFORM) | BIT(VIRTIO_F_ORDER_PLATFORM);
    plug(setup);
    expect_up("pci-modern");
    assert_true(virtio_has(probe.v, VIRTIO_F_ACCESS_PLATFORM));
}

/* ---- random configuration spaces ---- */

static uint32_t seed;

static uint32_t
random32(void)
{
    seed = seed * 1664525 + 1013904223;
    return seed >> 8 | seed << 24;
}

static void
random_edit(struct model *m, uint8_t *config, void *arg)
{
    static const uint8_t likely[] = {0,    1,    4,    5,    6,    9,   0x10,
                                     0x14, 0x40, 0x50, 0x64, 0x7f, 0xff};

    (void)m;
    (void)arg;
    for (unsigned n = 1 + random32() % 6; n; n--) {
        unsigned at = 0x34 + random32() % (0x90 - 0x34);
        if (at == 0x3c)
            continue;
        config[at] = random32() % 2 ? likely[random32() % ARRAY_SIZE(likely)] : random32();
    }
}

/* Row 34, at random: whatever the lists say, no access leaves the BARs, and it ends. */
static void
test_random_capabilities(void **state)
{
    unsigned up = 0;

    for (unsigned round = 0; round < 3000; round++) {
        seed = round;
        probe_reset(state);
        struct model_setup setup =
            probe_setup(round % 2 ? MODEL_PCI_TRANSITIONAL : MODEL_PCI_MODERN);
        setup.edit = random_edit;
        setup.bar_64 = round % 3 == 0;
        shim_clock_step(100 * NSEC_PER_USEC);
        plug(setup);
        up += probe.v && probe.v->running;
        assert_false(model_violated("nothing decodes"));
        shim_shutdown();
    }
    assert_in_range(up, 100, 2900);
}

#define TEST(name) cmocka_unit_test_setup(name, probe_reset)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_ids),
        TEST(test_many),
        TEST(test_legacy_config_place),
        TEST(test_legacy_without_ports),
        TEST(test_legacy_without_address),
        TEST(test_queue_sizes),
        TEST(test_modern_places),
        TEST(test_config_window),
        TEST(test_above_4g),
        TEST(test_bad_capabilities),
        TEST(test_no_device_window),
        TEST(test_notify_outside),
        TEST(test_first_usable_wins),
        TEST(test_access_platform),
        TEST(test_random_capabilities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * virtio-mmio against the model: where devices are (command line, ACPI), what they must look
 * like, how queues are sized, and interrupts that are taken by their edge (checklist rows 40
 * and 41). Bring-up, recovery and configuration are test_core.c's, on both versions.
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

static const enum model_bus buses[] = {MODEL_MMIO_1, MODEL_MMIO_2};

static unsigned
devices(void)
{
    unsigned n = 0;

    for (struct virtio_device *v = virtio_device_next(NULL); v; v = virtio_device_next(v))
        n++;
    return n;
}

/* The model's first device, its base and interrupt, in the forms that a word may have. */
static void
test_words(void **state)
{
    static const struct {
        const char *word;
        bool good;
    } cases[] = {
        {"512@0xfeb00200:5", true},
        {"0x200@0xfeb00200:5", true},
        {"512@4272947712:5", true},
        {"4K@0xfeb00200:5:0", true},
        {"1k@0xfeb00200:5:17", true},
        {"1M@0xfeb00200:0x5", true},
        {"", false},
        {"512", false},
        {"512@", false},
        {"512@0xfeb00200", false},
        {"512@0xfeb00200:", false},
        {"512@0xfeb00200:5:", false},
        {"512@0xfeb00200:5:x", false},
        {"512@0xfeb00200:5x", false},
        {"512@0xfeb00200:5:1:2", false},
        {"512Q@0xfeb00200:5", false},
        {"512KK@0xfeb00200:5", false},
        {"K@0xfeb00200:5", false},
        {"-512@0xfeb00200:5", false},
        {"512@-1:5", false},
        {"512@0xfeb00200:-5", false},
        {"512@0xfeb00200:1024", false},
        {"512:0xfeb00200@5", false},
        {"99999999999@0xfeb00200:5", false},
        {"512@0xfeb00200@5", false},
        {"512@99999999999999999999999999:5", false},
        {"512@0xfeb00200 :5", false},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *words[] = {cases[i].word, NULL};
        probe_reset(state);
        model_words(words);
        probe_plug(probe_setup(MODEL_MMIO_2));
        assert_int_equal(devices(), cases[i].good);
        assert_int_equal(shim_log_lines(LOG_WARN), !cases[i].good);
        if (cases[i].good) {
            assert_true(probe.v->running);
            assert_true(shim_log_has("virtio-mmio: 1 device, named by the command line"));
        } else {
            assert_true(shim_log_has("is not understood"));
        }
        model_assert_clean();
    }
}

/* Windows that cannot be: too small for any configuration, not aligned, out of reach. */
static void
test_windows(void **state)
{
    static const char *const places[] = {"255@0xfeb00200:5", "256@0xfeb00200:5",
                                         "512@0xfeb00202:5", "512@0x100000000:5",
                                         "512@0xffffff00:5", "4G@0xfeb00200:5"};

    for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
        const char *words[] = {places[i], NULL};
        probe_reset(state);
        model_words(words);
        probe_plug(probe_setup(MODEL_MMIO_2));
        assert_int_equal(devices(), 0);
        assert_int_equal(shim_log_lines(LOG_ERROR), 1);
        assert_int_equal(shim_memory_live(), 0);
        model_assert_clean();
    }
}

/* A device has one driver, however often it is named. */
static void
test_named_twice(void **state)
{
    static const char *const words[] = {"512@0xfeb00200:5", "4K@4272947712:6", NULL};

    (void)state;
    model_words(words);
    probe_plug(probe_setup(MODEL_MMIO_1));
    assert_int_equal(devices(), 1);
    assert_int_equal(probe.probes, 1);
    assert_true(shim_log_has("named twice"));
}

/* Two devices of AML code: their names, LNRO0005, a window and an interrupt each. */
#define VR(base2, gsi)                                                                     \
    "\x5b\x82\x34VR00\x08_HID\x0dLNRO0005\0\x08_CRS\x11\x1a\x0a\x17\x86\x09\0\x01\0" base2 \
    "\xb0\xfe\0\x02\0\0\x89\x06\0\x01\x01" gsi "\0\0\0\x79\0"
static const uint8_t both[] = VR("\x02", "\x05") VR("\x04", "\x06");
static const uint8_t first[] = VR("\x02", "\x05"), second[] = VR("\x04", "\x06");

/* ACPI is asked where the command line says nothing, and only there; the log says who told. */
static void
test_acpi(void **state)
{
    static const char *const none[] = {NULL}, *const one[] = {"512@0xfeb00400:6", NULL};
    static const char *const bad[] = {"nonsense", NULL};

    for (unsigned i = 0; i < 3; i++) {
        probe_reset(state);
        model_words(i == 0 ? none : i == 1 ? one : bad);
        model_aml(both, sizeof(both) - 1);
        struct model_setup setup = probe_setup(MODEL_MMIO_2);
        model_new(&setup);
        struct model *later = probe_plug(setup);
        assert_int_equal(devices(), i == 0 ? 2 : i == 1 ? 1 : 0);
        assert_int_equal(shim_log_has("virtio-mmio: 2 devices, named by ACPI"), i == 0);
        assert_int_equal(shim_log_has("virtio-mmio: 1 device, named by the command line"),
                         i == 1);
        assert_int_equal(shim_log_lines(LOG_INFO) - shim_log_lines(LOG_WARN), i < 2);
        assert_int_equal(model_status(later) != 0, i < 2);
        model_assert_clean();
    }
    /* Neither: nothing is touched. */
    probe_reset(state);
    model_words(none);
    probe_plug(probe_setup(MODEL_MMIO_2));
    assert_int_equal(devices(), 0);
}

/* A device in each of two tables; and in the second one only, the first being of no use. */
static void
test_tables(void **state)
{
    static const char *const none[] = {NULL};
    static const uint8_t nothing[] = {0};

    for (unsigned i = 0; i < 2; i++) {
        probe_reset(state);
        model_words(none);
        model_aml(i ? nothing : first, i ? sizeof(nothing) : sizeof(first) - 1);
        model_aml(second, sizeof(second) - 1);
        struct model_setup setup = probe_setup(MODEL_MMIO_2);
        model_new(&setup);
        probe_plug(setup);
        assert_int_equal(devices(), i ? 1 : 2);
        assert_int_equal(shim_log_lines(LOG_WARN), 0);
        model_assert_clean();
    }
}

/* Device id 0 is a place without a device: no device, and no complaint. */
static void
test_empty_slot(void **state)
{
    for (unsigned b = 0; b < 2; b++) {
        probe_reset(state);
        struct model_setup setup = {.bus = buses[b]};
        model_new(&setup);
        probe_plug(probe_setup(buses[b]));
        assert_int_equal(devices(), 1);
        assert_string_equal(probe.v->where, "mmio feb00400");
        assert_int_equal(shim_log_lines(LOG_INFO), 1);
        model_assert_clean();
    }
}

static void
test_magic_and_version(void **state)
{
    static const uint32_t magics[] = {0, 1, 0xffffffff, 0x74726977, 0x76697274};
    static const uint32_t versions[] = {3, 4, 0x101, 0xffffffff};

    for (unsigned i = 0; i < ARRAY_SIZE(magics) + ARRAY_SIZE(versions); i++) {
        probe_reset(state);
        struct model_setup setup = probe_setup(MODEL_MMIO_2);
        if (i < ARRAY_SIZE(magics))
            setup.mmio_magic = magics[i];
        else
            setup.mmio_version = versions[i - ARRAY_SIZE(magics)];
        struct model *m = probe_plug(setup);
        assert_int_equal(devices(), i == 0); /* the knob's 0 is the right one */
        assert_int_equal(shim_log_lines(LOG_ERROR), i != 0);
        assert_int_equal(model_status(m) == 0, i != 0);
        model_assert_clean();
    }
}

/* A power of two, at most 256, and what the device can do. */
static void
test_queue_sizes(void **state)
{
    static const uint16_t most[] = {4, 5, 8, 100, 255, 256, 257, 1000, 1024, 32768, 65535};
    static const uint16_t taken[] = {4, 4, 8, 64, 128, 256, 256, 256, 256, 256, 256};

    for (unsigned b = 0; b < 2; b++) {
        for (unsigned i = 0; i < ARRAY_SIZE(most); i++) {
            probe_reset(state);
            struct model_setup setup = probe_setup(buses[b]);
            setup.queue_size[0] = most[i];
            probe_plug(setup);
            assert_true(probe.v->running);
            assert_int_equal(probe.q[0]->size, taken[i]);
            assert_int_equal(probe.q[1]->size, 64);
            model_assert_clean();
        }
    }
}

/* Row 40: a queue whose QueueReady reads back as 0 is not there. */
static void
test_ready_refused(void **state)
{
    (void)state;
    struct model_setup setup = probe_setup(MODEL_MMIO_2);
    setup.lies.refuse_ready = true;
    struct model *m = probe_plug(setup);
    assert_true(virtio_device_next(NULL)->failed);
    assert_true(model_status(m) & VIRTIO_STATUS_FAILED);
    assert_true(shim_log_has("error 5)"));
    assert_int_equal(shim_memory_pages(), 0);
    model_assert_clean();
}

static void
test_no_such_interrupt(void **state)
{
    static const char *const words[] = {"512@0xfeb00200:40", NULL};

    (void)state;
    model_words(words);
    probe_plug(probe_setup(MODEL_MMIO_1));
    assert_true(virtio_device_next(NULL)->failed);
    assert_true(shim_log_has("interrupt"));
    model_assert_clean();
}

/* What comes up between look and acknowledgement raises no new edge, and is seen all the same;
 * later interrupts as well. */
static void
test_late_status(void **state)
{
    for (unsigned b = 0; b < 2; b++) {
        probe_reset(state);
        struct model *m = probe_plug(probe_setup(buses[b]));
        struct model_lies late = {.at_ack = VIRTIO_ISR_CONFIG};
        model_lie(m, &late);
        uint64_t before = probe.v->config_changes, interrupts = probe.v->interrupts;
        model_interrupt(m, VIRTIO_ISR_QUEUE);
        model_run();
        assert_int_equal(probe.v->config_changes, before + 1);
        assert_int_equal(probe.v->interrupts, interrupts + 1);
        model_interrupt(m, VIRTIO_ISR_CONFIG);
        model_run();
        assert_int_equal(probe.v->config_changes, before + 2);
        model_assert_clean();
    }
}

/* A status that never is 0 holds up neither the handler nor the threads, is looked at from time
 * to time, and no more once the device is reset. */
static void
test_loud_status(void **state)
{
    for (unsigned b = 0; b < 2; b++) {
        probe_reset(state);
        struct model *m = probe_plug(probe_setup(buses[b]));
        struct model_lies loud = {.loud = true};
        model_lie(m, &loud);
        uint64_t before = probe.v->interrupts;
        model_interrupt(m, VIRTIO_ISR_QUEUE);
        model_run();
        assert_in_range(probe.v->interrupts - before, 2, 1000);
        before = probe.v->interrupts;
        defer_run();
        assert_in_range(probe.v->interrupts - before, 1, 100);
        virtio_recover(probe.v, "it never falls silent");
        defer_run();
        defer_run();
        loud.loud = false;
        model_lie(m, &loud);
        model_run();
        before = probe.v->interrupts;
        model_run();
        assert_int_equal(probe.v->interrupts, before);
        assert_true(probe.v->running);
        model_assert_clean();
    }
}

/* Nothing past the window is read or written, whatever the arithmetic (row 29's widths are the
 * model's business). */
static void
test_config_bounds(void **state)
{
    static const struct {
        size_t offset, len;
    } outside[] = {{256, 1},          {255, 2},  {253, 4},      {250, 8},
                   {257, 1},          {197, 60}, {SIZE_MAX, 1}, {SIZE_MAX - 3, 4},
                   {SIZE_MAX - 3, 8}, {2, 4},    {1, 2}};

    for (unsigned b = 0; b < 2; b++) {
        probe_reset(state);
        probe_plug(probe_setup(buses[b]));
        for (unsigned i = 0; i < ARRAY_SIZE(outside); i++) {
            uint8_t bytes[300] = {0};
            assert_int_equal(
                virtio_config_read(probe.v, outside[i].offset, bytes, outside[i].len), -EINVAL);
            if (outside[i].len == 4)
                assert_int_equal(virtio_config_write32(probe.v, outside[i].offset, 0), -EINVAL);
        }
        uint32_t size = 0x12345678;
        assert_int_equal(virtio_config_write32(probe.v, 8, size), 0);
        size = 0;
        assert_int_equal(virtio_config_read32(probe.v, 8, &size), 0);
        assert_int_equal(size, 0x12345678);
        model_assert_clean();
    }
}

#define TEST(name) cmocka_unit_test_setup(name, probe_reset)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_words),
        TEST(test_windows),
        TEST(test_named_twice),
        TEST(test_acpi),
        TEST(test_tables),
        TEST(test_empty_slot),
        TEST(test_magic_and_version),
        TEST(test_queue_sizes),
        TEST(test_ready_refused),
        TEST(test_no_such_interrupt),
        TEST(test_late_status),
        TEST(test_loud_status),
        TEST(test_config_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

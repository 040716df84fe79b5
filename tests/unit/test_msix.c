/*
 * MSI-X on the model: a vector for each queue and one for the configuration, refusals
 * (checklist row 36), tables that cannot be, machines that cannot receive messages, and the
 * legacy face's configuration, whose place depends on it (row 32).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "kernel/platform.h"
#include "shim.h"
#include "probe.h"

#define NO_VECTOR 0xffff

static const enum model_bus faces[] = {MODEL_PCI_MODERN, MODEL_PCI_LEGACY};

static void
serve(struct model *m, unsigned queue, void *arg)
{
    struct model_chain c;

    (void)arg;
    if (queue == 1 && model_pop(m, queue, &c))
        model_push(m, queue, c.head, model_write(&c, 0, "answer", 6));
}

static struct model_setup
setup_of(enum model_bus bus, unsigned entries)
{
    struct model_setup setup = probe_setup(bus);

    setup.msix = entries;
    setup.serve = serve;
    return setup;
}

/* It runs, the second queue was answered, and the configuration can be read and followed. */
static void
expect_working(struct model *m)
{
    uint64_t capacity = 0, other = 77;

    assert_non_null(probe.v);
    assert_true(probe.v->running);
    assert_int_equal(shim_log_lines(LOG_ERROR), 0);
    assert_int_equal(probe.reaped, 1);
    assert_int_equal(virtio_config_read64(probe.v, 0, &capacity), 0);
    assert_true(capacity == probe_config.capacity);
    assert_int_equal(probe.config_changes, 0);
    model_config_set(m, 0, &other, sizeof(other));
    model_run();
    assert_int_equal(probe.config_changes, 1);
    assert_int_equal(virtio_config_read64(probe.v, 0, &capacity), 0);
    assert_true(capacity == 77);
    model_assert_clean();
}

static void
test_vector_for_each(void **state)
{
    for (unsigned i = 0; i < ARRAY_SIZE(faces); i++) {
        probe_reset(state);
        struct model *m = probe_plug(setup_of(faces[i], 4));
        assert_true(model_msix_enabled(m));
        assert_int_equal(model_queue_vector(m, 0), 1);
        assert_int_equal(model_queue_vector(m, 1), 2);
        assert_int_equal(probe.q[0]->interrupts, 0); /* only the queue that it was about */
        assert_int_equal(probe.q[1]->interrupts, 1);
        expect_working(m);
        assert_int_equal(probe.v->config_changes, 1);
        assert_int_equal(probe.q[0]->interrupts + probe.q[1]->interrupts, 1);
    }
}

/* A smaller table than there are queues: they share, down to one entry for everything. */
static void
test_small_tables(void **state)
{
    for (unsigned i = 0; i < 4; i++) {
        probe_reset(state);
        unsigned entries = 2 - i % 2;
        struct model *m = probe_plug(setup_of(faces[i / 2], entries));
        assert_true(model_msix_enabled(m));
        assert_int_equal(model_queue_vector(m, 0), entries - 1);
        assert_int_equal(model_queue_vector(m, 1), entries - 1);
        assert_int_equal(probe.reaped, 1);
        assert_int_equal(shim_log_lines(LOG_WARN), 0);
        model_assert_clean();
    }
}

/* Row 36: what reads back as 0xffff was not accepted. */
static void
test_refused_vectors(void **state)
{
    static const struct {
        uint32_t refuse;
        uint16_t first, second; /* vectors of the queues; NO_VECTOR: MSI-X is given up */
    } cases[] = {
        {1 << 2, 1, 1},
        {1 << 1, 0, 2},
        {1 << 1 | 1 << 2, 0, 0},
        {1, NO_VECTOR, NO_VECTOR},
        {~0u, NO_VECTOR, NO_VECTOR},
        {1 | 1 << 1, NO_VECTOR, NO_VECTOR},
    };

    for (unsigned i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
        probe_reset(state);
        struct model_setup setup = setup_of(faces[i % 2], 4);
        setup.lies.refuse_vectors = cases[i / 2].refuse;
        struct model *m = probe_plug(setup);
        bool given_up = cases[i / 2].first == NO_VECTOR;
        assert_int_equal(model_msix_enabled(m), !given_up);
        assert_int_equal(shim_log_has("refuses its interrupt vectors"), given_up);
        assert_int_equal(shim_log_lines(LOG_WARN), given_up);
        if (!given_up) {
            assert_int_equal(model_queue_vector(m, 0), cases[i / 2].first);
            assert_int_equal(model_queue_vector(m, 1), cases[i / 2].second);
            assert_int_equal(probe.reaped, 1);
            model_assert_clean();
        } else {
            expect_working(m);
        }
    }
}

static void
enable_edit(struct model *m, uint8_t *config, void *arg)
{
    (void)m;
    (void)arg;
    config[model_msix_at() + 3] |= 0x80;
}

/* Without a local APIC messages would go nowhere, so MSI-X is off even if firmware left it on:
 * while it is on there is no INTx, and the legacy configuration lies elsewhere (row 32). */
static void
test_no_local_apic(void **state)
{
    for (unsigned i = 0; i < 4; i++) {
        probe_reset(state);
        model_apic_remove(true);
        struct model_setup setup = setup_of(faces[i / 2], 4);
        setup.edit = i % 2 ? enable_edit : NULL;
        struct model *m = probe_plug(setup);
        assert_false(model_msix_enabled(m));
        assert_int_equal(shim_log_lines(LOG_WARN), 0);
        expect_working(m);
    }
}

struct spoil {
    unsigned at, width;
    uint32_t value;
};

static void
spoil_edit(struct model *m, uint8_t *config, void *arg)
{
    const struct spoil *s = arg;

    (void)m;
    memcpy(config + s->at, &s->value, s->width);
}

/* A table that cannot be leaves INTx, with a line that says so. */
static void
test_bad_tables(void **state)
{
    static struct spoil spoils[] = {
        {0, 4, 6},                          /* no such BAR */
        {0, 4, 7},          {0, 4, 2},      /* not implemented */
        {0, 4, 5},          {0, 4, 0x1001}, /* beyond its end */
        {0, 4, 0xfffffff9}, {0, 4, 0xfc9},  /* reaching out of it */
        {0, 2, 0x07ff},                     /* more entries than it has room for */
        {0x14, 4, 0xd001},                  /* in ports */
    };

    for (unsigned i = 0; i < ARRAY_SIZE(spoils); i++) {
        probe_reset(state);
        struct spoil s = spoils[i];
        s.at = s.at ? s.at : model_msix_at() + (s.width == 2 ? 2 : 4);
        struct model_setup setup = setup_of(MODEL_PCI_MODERN, 4);
        setup.edit = spoil_edit;
        setup.arg = &s;
        struct model *m = probe_plug(setup);
        assert_false(model_msix_enabled(m));
        assert_true(shim_log_has("cannot be used; it goes on with INTx"));
        expect_working(m);
    }
}

/* Each failing allocation leaves a device that works all the same, or one clear line. */
static void
test_memory_short(void **state)
{
    for (long n = 0; n < 12; n++) {
        probe_reset(state);
        shim_memory_fail_after(n);
        struct model *m = probe_plug(setup_of(MODEL_PCI_MODERN, 4));
        shim_memory_fail_after(-1);
        if (probe.v && probe.v->running)
            expect_working(m);
        else
            assert_int_equal(shim_log_lines(LOG_ERROR), 1);
    }
}

/* After a reset the device has forgotten its vectors: it is given them again, and what came in
 * between is not delivered to anybody. */
static void
test_again_after_reset(void **state)
{
    for (unsigned i = 0; i < ARRAY_SIZE(faces); i++) {
        probe_reset(state);
        struct model *m = probe_plug(setup_of(faces[i], 4));
        model_needs_reset(m);
        model_run();
        assert_int_equal(probe.starts, 2);
        assert_int_equal(model_queue_vector(m, 0), 1);
        assert_int_equal(model_queue_vector(m, 1), 2);
        assert_int_equal(probe.reaped, 2);
        model_assert_clean();
    }
}

/* Devices beside each other, by messages and by INTx, up to the last interrupt number. */
static void
test_many(void **state)
{
    unsigned n = 0;

    (void)state;
    for (unsigned i = 0; i < MODEL_MAX_DEVICES; i++) {
        struct model_setup setup = setup_of(faces[i % 2], i % 3 ? 16 : 0);
        model_new(&setup);
    }
    shim_discover();
    model_run();
    for (struct virtio_device *v = NULL; (v = virtio_device_next(v)); n++)
        assert_true(v->running);
    assert_int_equal(n, MODEL_MAX_DEVICES);
    assert_int_equal(probe.reaped, MODEL_MAX_DEVICES);
    model_assert_clean();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_vector_for_each, probe_reset),
        cmocka_unit_test_setup(test_small_tables, probe_reset),
        cmocka_unit_test_setup(test_refused_vectors, probe_reset),
        cmocka_unit_test_setup(test_no_local_apic, probe_reset),
        cmocka_unit_test_setup(test_bad_tables, probe_reset),
        cmocka_unit_test_setup(test_memory_short, probe_reset),
        cmocka_unit_test_setup(test_again_after_reset, probe_reset),
        cmocka_unit_test_setup(test_many, probe_reset),
    };

    return cmocka_run_group_tests_name("msix", tests, NULL, NULL);
}

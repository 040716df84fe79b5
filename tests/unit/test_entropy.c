/*
 * The virtio entropy device and the class above it, against the model: bytes are handed out
 * once, lengths are believed up to what was offered, and who has no source is told so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "drivers/virtio/virtio.h"
#include "kernel/cpu.h"
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "model/model.h"
#include "shim.h"

/* ---- the CPU's generator ---- */

static int cpu; /* bytes that it gives, or -ENODEV */

int
cpu_random(void *to, size_t size)
{
    int n = cpu < 0 ? cpu : (int)MIN((size_t)cpu, size);

    if (n > 0)
        memset(to, 0xcc, (size_t)n);
    return n;
}

/* ---- the device's side: 1, 2, 3, ... never the same byte twice in a row of 255 ---- */

static uint8_t next;
static uint32_t most; /* bytes of one answer */
static int lie;       /* what the claimed length differs by */

static void
serve(struct model *m, unsigned queue, void *arg)
{
    struct model_chain c;

    (void)arg;
    while (model_pop(m, queue, &c)) {
        uint32_t n = (uint32_t)MIN(model_writable(&c), (size_t)most);
        assert_int_equal(c.nr_out, 0);
        for (uint32_t i = 0; i < n; i++) {
            next = next == 255 ? 1 : next + 1;
            model_write(&c, i, &next, 1);
        }
        model_push(m, queue, c.head, n + (uint32_t)lie);
    }
}

static int
setup(void **state)
{
    (void)state;
    model_machine_reset();
    shim_log_clear();
    cpu = -ENODEV;
    next = 0;
    most = 64;
    lie = 0;
    return 0;
}

static struct model *
plug(void)
{
    struct model *m = model_new(
        &(struct model_setup){.type = VIRTIO_ID_ENTROPY, .nr_queues = 1, .serve = serve});

    shim_discover();
    model_run();
    return m;
}

static struct entropy_device *
source(void)
{
    return virtio_device_next(NULL)->driver_data;
}

static int
take(void *to, size_t size)
{
    return source()->read(source(), to, size);
}

/* This one is first: nothing has been registered in this process yet. */
static void
without_a_source_nothing_is_invented(void **state)
{
    uint8_t bytes[8];

    (void)state;
    assert_int_equal(entropy_read(bytes, sizeof(bytes)), -ENODEV);
    cpu = 100;
    assert_int_equal(entropy_read(bytes, sizeof(bytes)), 0);
    assert_memory_equal(bytes, "\xcc\xcc\xcc\xcc\xcc\xcc\xcc\xcc", 8);
    cpu = 5;
    assert_int_equal(entropy_read(bytes, sizeof(bytes)), -EIO);
}

static void
each_byte_is_handed_out_once(void **state)
{
    uint8_t bytes[100], expected = 1;
    int n;

    (void)state;
    plug();
    for (size_t size = 1; size <= sizeof(bytes); size++) {
        n = take(bytes, size);
        assert_true(n > 0 && (size_t)n <= size);
        for (int i = 0; i < n; i++, expected = expected == 255 ? 1 : expected + 1)
            assert_int_equal(bytes[i], expected);
    }
    model_assert_clean();
}

/* Through the class; the sources of the tests before are there too and answer -EIO. */
static void
a_source_that_fails_makes_room_for_the_next(void **state)
{
    uint8_t bytes[200], expected = 1;

    (void)state;
    plug();
    assert_int_equal(entropy_read(bytes, sizeof(bytes)), 0);
    for (size_t i = 0; i < sizeof(bytes); i++, expected++)
        assert_int_equal(bytes[i], expected);
    most = 0;
    assert_int_equal(entropy_read(bytes, sizeof(bytes)), -EIO);
    cpu = 1000;
    assert_int_equal(entropy_read(bytes, 3), 0);
    assert_memory_equal(bytes, "\xcc\xcc\xcc", 3);
}

static void
a_length_beyond_the_buffer_is_cut(void **state)
{
    static uint8_t bytes[100000];
    uint32_t offered = 0;

    (void)state;
    most = UINT32_MAX / 2;
    lie = 50000;
    plug();
    for (int i = 0; i < 3; i++) {
        int n = take(bytes, sizeof(bytes));
        assert_true(n > 0 && n < 50000);
        assert_true(offered == 0 || offered == (uint32_t)n);
        offered = (uint32_t)n;
    }
}

static void
an_empty_answer_breaks_the_device(void **state)
{
    uint8_t bytes[8];

    (void)state;
    most = 0;
    plug();
    assert_int_equal(take(bytes, sizeof(bytes)), -EIO);
    assert_int_equal(take(bytes, sizeof(bytes)), -EIO);
}

static void
a_silent_device_costs_one_bounded_wait(void **state)
{
    uint8_t bytes[8];
    uint64_t begin;
    struct model *m;

    (void)state;
    m = plug();
    model_lie(m, &(struct model_lies){.never_serve = true});
    begin = clock_now();
    assert_int_equal(take(bytes, sizeof(bytes)), -ETIMEDOUT);
    assert_true(clock_now() - begin <= 2 * NSEC_PER_SEC);
    begin = clock_now();
    for (int i = 0; i < 10; i++)
        assert_int_equal(take(bytes, sizeof(bytes)), -ETIMEDOUT);
    assert_true(clock_now() - begin <= NSEC_PER_SEC / 10);
    assert_int_equal(shim_log_lines(LOG_WARN), 1);

    /* It wakes up: the buffer that it had all the time is good. */
    model_lie(m, &(struct model_lies){.never_serve = false});
    serve(m, 0, NULL);
    model_run();
    assert_int_equal(take(bytes, 4), 4);
    assert_memory_equal(bytes, "\1\2\3\4", 4);
    model_assert_clean();
}

static void
a_reset_while_a_reader_waits(void **state)
{
    uint8_t bytes[4];
    struct model *m;

    (void)state;
    m = plug();
    model_lie(m, &(struct model_lies){.never_serve = true});
    assert_int_equal(take(bytes, 4), -ETIMEDOUT);
    model_lie(m, &(struct model_lies){.never_serve = false});
    model_needs_reset(m);
    model_run();
    assert_int_equal(model_resets(m), 2);
    assert_int_equal(take(bytes, 4), 4);
    assert_memory_equal(bytes, "\1\2\3\4", 4);
    model_assert_clean();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(without_a_source_nothing_is_invented, setup),
        cmocka_unit_test_setup(each_byte_is_handed_out_once, setup),
        cmocka_unit_test_setup(a_source_that_fails_makes_room_for_the_next, setup),
        cmocka_unit_test_setup(a_length_beyond_the_buffer_is_cut, setup),
        cmocka_unit_test_setup(an_empty_answer_breaks_the_device, setup),
        cmocka_unit_test_setup(a_silent_device_costs_one_bounded_wait, setup),
        cmocka_unit_test_setup(a_reset_while_a_reader_waits, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

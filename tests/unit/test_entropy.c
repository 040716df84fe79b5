/*
 * The virtio entropy device and the generator above it, against the model: bytes are handed out
 * once, lengths are believed up to what was offered, a slow device is waited for, and who has no
 * source is told so. What the generator has to answer was computed with another ChaCha20 (openssl
 * enc -chacha20 of zeros, the first 32 bytes left out).
 */
#include <limits.h>
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
static int answers;   /* that it still gives */
static int lie;       /* what the claimed length differs by */

static void
serve(struct model *m, unsigned queue, void *arg)
{
    struct model_chain c;

    (void)arg;
    while (answers > 0 && model_pop(m, queue, &c)) {
        answers--;
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
    answers = INT_MAX;
    lie = 0;
    return 0;
}

/* The generator has its key already and takes none of the device's bytes. */
static int
setup_with_key(void **state)
{
    uint8_t byte;

    setup(state);
    cpu = 100;
    assert_int_equal(entropy_read(&byte, 1, 0), 0);
    cpu = -ENODEV;
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

/* What the device's buffer has; if it is empty, after the device had its turn. */
static int
take(void *to, size_t size)
{
    int n = source()->read(source(), to, size);

    if (n != 0)
        return n;
    model_run();
    return source()->read(source(), to, size);
}

/* ---- the generator; no test before these may give it 32 bytes ---- */

static void
without_a_source_nothing_is_invented(void **state)
{
    uint8_t bytes[8];

    (void)state;
    assert_int_equal(entropy_read(bytes, sizeof(bytes), TIME_NEVER), -ENODEV);
    cpu = 0;
    assert_int_equal(entropy_read(bytes, sizeof(bytes), TIME_NEVER), -EIO);
}

static void
a_source_that_fails_gives_no_key(void **state)
{
    uint8_t bytes[8];

    (void)state;
    most = 0;
    plug();
    assert_int_equal(entropy_read(bytes, sizeof(bytes), TIME_NEVER), -EIO);
}

/* Of key 1, 2, 3 ... 32, and of the key that follows, with 33, 34 ... 64 stirred in. */
static const uint8_t first_answer[100] = {
    0x0f, 0x6a, 0xe7, 0x7c, 0x4d, 0xc9, 0x0b, 0x31, 0x07, 0x3a, 0xa3, 0x1a, 0x94, 0xc9, 0xbe,
    0x89, 0x7b, 0x89, 0xa6, 0x70, 0x2a, 0xa6, 0xc1, 0xc9, 0x83, 0xb1, 0xab, 0x22, 0x51, 0x67,
    0x61, 0x20, 0x63, 0x8a, 0xd7, 0x16, 0x67, 0xc2, 0xa9, 0x39, 0x9b, 0x4b, 0x36, 0x50, 0x97,
    0xde, 0xad, 0x38, 0xfb, 0xdc, 0x8f, 0xf9, 0x59, 0xc4, 0x6c, 0x0c, 0x29, 0xa2, 0x86, 0x0c,
    0xc0, 0xb8, 0xb3, 0xd1, 0xca, 0xd6, 0x57, 0x90, 0x2b, 0x8f, 0x90, 0x02, 0xfb, 0x52, 0x88,
    0x8f, 0xb9, 0x8b, 0x34, 0x35, 0x92, 0x44, 0xa7, 0x30, 0xa0, 0x81, 0x92, 0xaf, 0x77, 0x1b,
    0xfd, 0xf9, 0xfc, 0xf7, 0x97, 0x3f, 0x47, 0x93, 0xb9, 0x3a,
};
static const uint8_t second_answer[32] = {
    0xbc, 0xa7, 0x97, 0xa8, 0xce, 0x6b, 0x2c, 0x43, 0xd1, 0x55, 0xbc,
    0xae, 0xd1, 0x1f, 0xde, 0xdb, 0x02, 0xcc, 0x78, 0x34, 0x90, 0x77,
    0xea, 0x05, 0x09, 0x53, 0xb9, 0x6b, 0x0c, 0xc2, 0x1b, 0x91,
};

static void
one_more_answer(void *m)
{
    answers++;
    serve(m, 0, NULL);
}

/* Eight bytes a second, as QEMU's max-bytes and period let a guest have them. */
static void
a_slow_device_is_waited_for(void **state)
{
    uint8_t bytes[sizeof(first_answer)];
    struct timer tick = {.fire = one_more_answer};
    uint64_t begin;
    struct model *m;

    (void)state;
    most = 8;
    answers = 0;
    tick.arg = m = plug();
    begin = clock_now();
    assert_int_equal(entropy_read(bytes, sizeof(bytes), 0), -EAGAIN);
    assert_true(clock_now() - begin < NSEC_PER_MSEC);
    assert_int_equal(entropy_read(bytes, sizeof(bytes), begin + NSEC_PER_SEC), -EAGAIN);
    assert_true(clock_now() - begin >= NSEC_PER_SEC && clock_now() - begin < 2 * NSEC_PER_SEC);
    for (int i = 0; i < 3; i++) {
        one_more_answer(m);
        model_run();
        assert_int_equal(entropy_read(bytes, sizeof(bytes), 0), -EAGAIN);
    }
    begin = clock_now();
    timer_set(&tick, begin + 3 * NSEC_PER_SEC);
    assert_int_equal(entropy_read(bytes, sizeof(bytes), TIME_NEVER), 0);
    assert_true(clock_now() - begin >= 3 * NSEC_PER_SEC);
    assert_memory_equal(bytes, first_answer, sizeof(first_answer));

    /* From here on nobody waits, and what comes changes what is answered. */
    most = 32;
    one_more_answer(m);
    model_run();
    assert_int_equal(entropy_read(bytes, sizeof(second_answer), 0), 0);
    assert_memory_equal(bytes, second_answer, sizeof(second_answer));
    model_assert_clean();
}

static void
no_two_answers_agree(void **state)
{
    uint8_t bytes[3][200];

    (void)state;
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(entropy_read(bytes[i], sizeof(bytes[i]), 0), 0);
    for (unsigned i = 0; i + 8 <= sizeof(bytes[0]); i++)
        for (unsigned k = 0; k + 8 <= sizeof(bytes[0]); k++) {
            assert_memory_not_equal(bytes[0] + i, bytes[1] + k, 8);
            assert_memory_not_equal(bytes[1] + i, bytes[2] + k, 8);
        }
}

/* ---- the driver ---- */

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

/* However long it says nothing, its one buffer stays its own, and nobody waits in the driver. */
static void
a_silent_device_keeps_the_request(void **state)
{
    uint8_t bytes[8];
    uint64_t begin;
    struct model *m;

    (void)state;
    answers = 0;
    m = plug();
    begin = clock_now();
    for (int i = 0; i < 10; i++)
        assert_int_equal(take(bytes, sizeof(bytes)), 0);
    assert_true(clock_now() - begin <= NSEC_PER_SEC / 10);
    shim_clock_advance(100 * NSEC_PER_SEC);
    one_more_answer(m);
    model_run();
    assert_int_equal(take(bytes, 4), 4);
    assert_memory_equal(bytes, "\1\2\3\4", 4);
    assert_int_equal(model_resets(m), 1);
    model_assert_clean();
}

static void
a_reset_while_a_request_is_out(void **state)
{
    uint8_t bytes[4];
    struct model *m;

    (void)state;
    m = plug();
    model_lie(m, &(struct model_lies){.never_serve = true});
    assert_int_equal(take(bytes, 4), 0);
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
        cmocka_unit_test_setup(a_source_that_fails_gives_no_key, setup),
        cmocka_unit_test_setup(a_slow_device_is_waited_for, setup),
        cmocka_unit_test_setup(no_two_answers_agree, setup_with_key),
        cmocka_unit_test_setup(each_byte_is_handed_out_once, setup_with_key),
        cmocka_unit_test_setup(a_length_beyond_the_buffer_is_cut, setup_with_key),
        cmocka_unit_test_setup(an_empty_answer_breaks_the_device, setup_with_key),
        cmocka_unit_test_setup(a_silent_device_keeps_the_request, setup_with_key),
        cmocka_unit_test_setup(a_reset_while_a_request_is_out, setup_with_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

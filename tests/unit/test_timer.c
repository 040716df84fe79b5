/*
 * The kernel's timers over a clock that moves with every look at it: in the order of their
 * deadlines, each once, and never so busy that nothing else gets its turn.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "kernel/thread.h"
#include "kernel/watch.h"
#include "shim.h"

static char fired[8];
static unsigned nr_fired;

static void
note(void *arg)
{
    assert_true(nr_fired < sizeof(fired) - 1);
    fired[nr_fired++] = *(const char *)arg;
}

static void
pass(uint64_t ns)
{
    shim_clock_advance(ns);
    defer_run();
}

static void
expect(const char *names)
{
    fired[nr_fired] = '\0';
    assert_string_equal(fired, names);
    nr_fired = 0;
}

static void
in_order(void **state)
{
    struct timer a = {.fire = note, .arg = "a"}, b = {.fire = note, .arg = "b"},
                 c = {.fire = note, .arg = "c"};
    uint64_t now = clock_now();

    (void)state;
    timer_set(&a, now + 3 * NSEC_PER_MSEC);
    timer_set(&b, now + 1 * NSEC_PER_MSEC);
    timer_set(&c, now + 3 * NSEC_PER_MSEC);
    expect("");
    pass(2 * NSEC_PER_MSEC);
    expect("b");
    pass(2 * NSEC_PER_MSEC);
    expect("ac"); /* as they were set */
    pass(10 * NSEC_PER_MSEC);
    expect("");
}

static void
set_again_and_cancelled(void **state)
{
    struct timer a = {.fire = note, .arg = "a"}, b = {.fire = note, .arg = "b"};

    (void)state;
    timer_set(&a, clock_now() + NSEC_PER_MSEC);
    timer_set(&b, clock_now() + NSEC_PER_MSEC);
    timer_set(&a, clock_now() + 5 * NSEC_PER_MSEC);
    timer_cancel(&b);
    timer_cancel(&b);
    pass(2 * NSEC_PER_MSEC);
    expect("");
    pass(4 * NSEC_PER_MSEC);
    expect("a");
}

static void
cancel(void *arg)
{
    timer_cancel(arg);
}

static void
cancelled_by_one_that_fires(void **state)
{
    struct timer b = {.fire = note, .arg = "b"}, a = {.fire = cancel, .arg = &b};

    (void)state;
    timer_set(&a, clock_now() + NSEC_PER_MSEC);
    timer_set(&b, a.deadline);
    pass(2 * NSEC_PER_MSEC);
    expect("");
}

static void
soon_again(void *arg)
{
    struct timer *t = arg;

    assert_true(nr_fired++ < 100);
    timer_set(t, clock_now() + 1);
}

/* An interval below the cost of a round, as setitimer allows it: once for each known point. */
static void
faster_than_the_machine(void **state)
{
    struct timer t = {.fire = soon_again, .arg = &t};

    (void)state;
    shim_clock_step(NSEC_PER_USEC);
    timer_set(&t, clock_now() + 1);
    for (unsigned i = 1; i < 5; i++) {
        pass(NSEC_PER_MSEC);
        assert_int_equal(nr_fired, i);
    }
    nr_fired = 0;
    timer_cancel(&t);
}

/* From the interrupt on, until somebody asks again, it is the timers' turn alone. */
static void
a_tick_comes_once(void **state)
{
    uint64_t begin = clock_now();

    (void)state;
    timer_start();
    assert_true(shim_timer_at() >= begin + WATCH_PERIOD);
    timer_tick();
    uint64_t at = shim_timer_at();
    assert_true(at >= begin + TICK && at <= clock_now() + TICK);
    pass(TICK / 2);
    timer_tick(); /* does not move it */
    assert_int_equal(shim_timer_at(), at);
    pass(TICK);
    assert_true(shim_timer_at() >= begin + WATCH_PERIOD);
    timer_tick();
    assert_true(shim_timer_at() <= clock_now() + TICK);
    pass(2 * TICK);
}

static void
a_timer_before_the_tick(void **state)
{
    struct timer a = {.fire = note, .arg = "a"};
    uint64_t begin = clock_now();

    (void)state;
    timer_tick();
    timer_set(&a, begin + TICK / 4);
    assert_int_equal(shim_timer_at(), begin + TICK / 4);
    pass(TICK / 2);
    expect("a");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order),
        cmocka_unit_test(set_again_and_cancelled),
        cmocka_unit_test(cancelled_by_one_that_fires),
        cmocka_unit_test(faster_than_the_machine),
        cmocka_unit_test(a_tick_comes_once),
        cmocka_unit_test(a_timer_before_the_tick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

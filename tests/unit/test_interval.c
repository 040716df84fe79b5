/*
 * Times that come once or again and again (lib/libc/interval.c), over a clock that the test moves,
 * and the signals that wait beside them (signal_queue.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "kernel/deferred.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "lib/libc/clock.h"
#include "lib/libc/interval.h"
#include "lib/libc/signal_queue.h"
#include "shim.h"

#define MS NSEC_PER_MSEC

static unsigned fired;

static void
fire(void *arg)
{
    fired += interval_fired(arg);
}

static void
pass(uint64_t ns)
{
    shim_clock_advance(ns);
    defer_run();
}

static void
set(struct interval *t, int clock, uint64_t value, uint64_t every)
{
    *t = (struct interval){.timer = {.fire = fire, .arg = t}, .clock = clock};
    fired = 0;
    interval_set(t, (struct interval_setting){value, every}, false, false);
}

static void
counted(void **state)
{
    uint64_t deadline = 100;

    (void)state;
    assert_int_equal(interval_count(&deadline, 10, 99), 0);
    assert_int_equal(deadline, 100);
    assert_int_equal(interval_count(&deadline, 10, 100), 1);
    assert_int_equal(deadline, 110);
    assert_int_equal(interval_count(&deadline, 10, 139), 3);
    assert_int_equal(deadline, 140);
    assert_int_equal(interval_count(&deadline, 1, 1000000140), 1000000001);
    assert_int_equal(deadline, 1000000141);
    assert_int_equal(interval_count(&deadline, UINT64_MAX, 1000000141), 1);
    assert_true(deadline == TIME_NEVER); /* and did not wrap */
}

static void
once(void **state)
{
    struct interval t;

    (void)state;
    set(&t, CLOCK_MONOTONIC, 5 * MS, 0);
    assert_true(t.on);
    pass(4 * MS);
    assert_int_equal(fired, 0);
    assert_in_range(interval_left(&t).value, 1, 1 * MS);
    pass(2 * MS);
    assert_int_equal(fired, 1);
    assert_false(t.on);
    assert_int_equal(interval_go_on(&t), 0);
    assert_int_equal(interval_left(&t).value, 0);
    pass(100 * MS);
    assert_int_equal(fired, 1);
}

/* Between two looks nothing fires, however many times are over. */
static void
again(void **state)
{
    struct interval t;

    (void)state;
    set(&t, CLOCK_MONOTONIC, 5 * MS, 10 * MS);
    pass(6 * MS);
    assert_int_equal(fired, 1);
    pass(33 * MS); /* over: 5, 15, 25, 35 */
    assert_int_equal(fired, 1);
    assert_in_range(interval_left(&t).value, 5 * MS, 7 * MS);
    assert_int_equal(interval_go_on(&t), 3);
    assert_int_equal(interval_go_on(&t), 0); /* told once */
    pass(7 * MS);
    assert_int_equal(fired, 2);
    assert_int_equal(interval_go_on(&t), 0);
    interval_set(&t, (struct interval_setting){0, 10 * MS}, false, false);
    pass(100 * MS);
    assert_int_equal(fired, 2);
    assert_int_equal(interval_left(&t).value, 0);
    assert_int_equal(interval_left(&t).interval, 10 * MS);
}

static void
absolute(void **state)
{
    struct interval t = {.timer = {.fire = fire, .arg = &t}, .clock = CLOCK_REALTIME};
    uint64_t wall = platform->wall_base() + clock_now();

    (void)state;
    fired = 0;
    interval_set(&t, (struct interval_setting){wall + 3 * MS, 0}, true, false);
    pass(2 * MS);
    assert_int_equal(fired, 0);
    pass(2 * MS);
    assert_int_equal(fired, 1);
    interval_set(&t, (struct interval_setting){1, 0}, true, false); /* long past */
    pass(1);
    assert_int_equal(fired, 2);
    interval_set(&t, (struct interval_setting){TIME_NEVER, 0}, true, false);
    assert_true(t.deadline == TIME_NEVER);
    interval_set(&t, (struct interval_setting){TIME_NEVER - 1, 0}, false, false);
    assert_true(t.deadline == TIME_NEVER); /* and did not wrap */
    interval_set(&t, (struct interval_setting){0, 0}, false, false);
}

static void
silent(void **state)
{
    struct interval t = {.timer = {.fire = fire, .arg = &t}, .clock = CLOCK_MONOTONIC};

    (void)state;
    fired = 0;
    interval_set(&t, (struct interval_setting){5 * MS, 10 * MS}, false, true);
    pass(26 * MS);
    assert_int_equal(fired, 0);
    assert_in_range(interval_left(&t).value, 8 * MS, 9 * MS);
}

/* Time in which nobody works does not count, and costs few looks. */
static void
processor_time(void **state)
{
    struct interval t;

    (void)state;
    set(&t, CLOCK_PROCESS_CPUTIME, 30 * MS, 0);
    for (uint64_t end = shim_clock() + 1000 * MS; shim_clock() < end; defer_run())
        idle();
    assert_int_equal(fired, 0);
    assert_true(t.timer.deadline >= shim_clock() + MS);
    pass(31 * MS);
    pass(31 * MS);
    assert_int_equal(fired, 1);
}

static void
clocks(void **state)
{
    (void)state;
    assert_int_equal(interval_clock_check(CLOCK_REALTIME), 0);
    assert_int_equal(interval_clock_check(CLOCK_TAI), 0);
    assert_int_equal(interval_clock_check(CLOCK_REALTIME_COARSE), -ENOTSUP);
    assert_int_equal(interval_clock_check(4), -ENOTSUP);
    assert_int_equal(interval_clock_check(CLOCK_SGI_CYCLE), -EINVAL);
    assert_int_equal(interval_clock_check(12), -EINVAL);
    assert_int_equal(interval_clock_check(-1), -EINVAL);
}

static void
memory(void **state)
{
    struct abi_itimerspec64 big = {{0, 0, 0}, {INT64_MAX, 0, 0}};
    struct abi_itimerspec32 small = {{1, 2}, {3, 4}}, back;
    struct interval_setting to;

    (void)state;
    assert_int_equal(interval_in32(&small, &to), 0);
    assert_true(to.interval == NSEC_PER_SEC + 2 && to.value == 3 * NSEC_PER_SEC + 4);
    interval_out32(to, &back);
    assert_memory_equal(&back, &small, sizeof(small));
    assert_int_equal(interval_in64(&big, &to), 0);
    assert_true(to.value == TIME_NEVER);
    interval_out32(to, &back);
    assert_int_equal(back.value.sec, INT32_MAX);
    small.interval.nsec = -1;
    assert_int_equal(interval_in32(&small, &to), -EINVAL);
}

/* ---- signals that wait ---- */

static unsigned taken;

static void
take(struct signal_note *note)
{
    note->info.uid = (int32_t)++taken;
}

static int
next(int number, struct libc_thread *thread)
{
    struct abi_siginfo info;

    signal_queue_take(number, thread, &info);
    return (int)info.value;
}

static int
add(int number, int code, unsigned value, struct libc_thread *thread)
{
    return signal_queue_make(
        &(struct abi_siginfo){.signo = number, .code = code, .value = value}, thread);
}

/* Of a standard signal there is one; of the others each, first in, first out. */
static void
signals_wait(void **state)
{
    struct libc_thread thread = {0};

    (void)state;
    assert_int_equal(add(10, ABI_SI_QUEUE, 1, NULL), 0);
    assert_int_equal(add(10, ABI_SI_QUEUE, 2, NULL), 0);
    assert_int_equal(add(10, ABI_SI_QUEUE, 3, &thread), 0);
    assert_int_equal(add(40, ABI_SI_QUEUE, 4, NULL), 0);
    assert_int_equal(add(40, ABI_SI_QUEUE, 5, NULL), 0);
    assert_true(*signal_queue_set(NULL) == (SIGNAL_BIT(10) | SIGNAL_BIT(40)));
    assert_true(thread.pending == SIGNAL_BIT(10));
    assert_int_equal(next(10, NULL), 1);
    assert_int_equal(next(10, &thread), 3);
    assert_int_equal(next(40, NULL), 4);
    assert_true(*signal_queue_set(NULL) == SIGNAL_BIT(40));
    assert_int_equal(next(40, NULL), 5);
    assert_true(*signal_queue_set(NULL) == 0 && thread.pending == 0);
    assert_int_equal(shim_memory_live(), 0);
}

static void
signals_without_memory(void **state)
{
    (void)state;
    shim_memory_fail_all(true);
    assert_int_equal(add(10, ABI_SI_USER, 1, NULL), 0); /* its bit alone */
    assert_int_equal(add(40, ABI_SI_QUEUE, 1, NULL), -EAGAIN);
    shim_memory_fail_all(false);
    assert_true(*signal_queue_set(NULL) == SIGNAL_BIT(10));
    assert_int_equal(next(10, NULL), 0);
    for (unsigned i = 0; i < 4096; i++)
        assert_int_equal(add(40, ABI_SI_QUEUE, i, NULL), 0);
    assert_int_equal(add(40, ABI_SI_QUEUE, 1, NULL), -EAGAIN);
    signal_queue_forget(SIGNAL_BIT(40), NULL);
    assert_true(*signal_queue_set(NULL) == 0);
    assert_int_equal(add(40, ABI_SI_QUEUE, 1, NULL), 0);
    signal_queue_forget(UINT64_MAX, NULL);
    assert_int_equal(shim_memory_live(), 0);
}

/* A note of its owner's is told when it waits no longer, but for the owner's own word. */
static void
notes(void **state)
{
    struct signal_note a = {.taken = take, .info = {.signo = 14, .value = 1}}, b = a;
    struct libc_thread thread = {0};
    struct abi_siginfo info;

    (void)state;
    b.info.value = 2;
    taken = 0;
    signal_queue_add(&a);
    signal_queue_add(&b); /* two timers, two signals of one number */
    signal_queue_take(14, NULL, &info);
    assert_true(info.value == 1 && info.uid == 1);
    assert_true(*signal_queue_set(NULL) == SIGNAL_BIT(14));
    signal_take_back(&b);
    assert_true(*signal_queue_set(NULL) == 0 && taken == 1);
    signal_take_back(&b); /* as often as one likes */
    a.thread = &thread;
    signal_queue_add(&a);
    signal_queue_forget(UINT64_MAX, NULL); /* another's */
    assert_int_equal(taken, 1);
    signal_queue_forget(UINT64_MAX, &thread);
    assert_true(taken == 2 && thread.pending == 0 && list_empty(&a.link));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counted),      cmocka_unit_test(once),
        cmocka_unit_test(again),        cmocka_unit_test(absolute),
        cmocka_unit_test(silent),       cmocka_unit_test(processor_time),
        cmocka_unit_test(clocks),       cmocka_unit_test(memory),
        cmocka_unit_test(signals_wait), cmocka_unit_test(signals_without_memory),
        cmocka_unit_test(notes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

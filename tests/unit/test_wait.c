/*
 * How the kernel's threads wait (kernel/thread.h): for a queue, for a time, for both, and what
 * happens meanwhile.
 */
#include "thread_bed.h"

#define SOON NSEC_PER_MSEC

static struct wait_queue queue = WAIT_QUEUE_INIT(queue);

static void
wait_once(void *arg)
{
    wait_on(&queue, TIME_NEVER);
    mark(*(const char *)arg);
}

/* ---- waiting ---- */

static void
one_is_woken_at_a_time_and_the_first_first(void **state)
{
    (void)state;
    start(wait_once, "a");
    start(wait_once, "b");
    start(wait_once, "c");
    thread_yield();
    wake_one(&queue);
    thread_yield();
    expect_trail("a");
    wake_one(&queue);
    wake_one(&queue); /* passes over the one that is awake and has not left yet */
    thread_yield();
    expect_trail("bc");
    wake_one(&queue); /* nobody */
}

static void
all_are_woken_in_order(void **state)
{
    (void)state;
    start(wait_once, "a");
    start(wait_once, "b");
    thread_yield();
    wake_all(&queue);
    expect_trail("");
    thread_yield();
    expect_trail("ab");
}

static void
note_wake(struct waiter *w)
{
    (void)w;
    mark('w');
}

/* At once, wherever it stands in the queue, and no thread goes without for it. */
static void
a_watcher_is_told_of_each_wake(void **state)
{
    struct waiter first = {.woken = note_wake}, last = {.woken = note_wake};

    (void)state;
    wait_watch(&queue, &first);
    start(wait_once, "a");
    start(wait_once, "b");
    thread_yield();
    wait_watch(&queue, &last);
    wake_one(&queue);
    expect_trail("ww");
    thread_yield();
    expect_trail("a");
    wake_all(&queue);
    expect_trail("ww");
    thread_yield();
    expect_trail("b");
    wake_one(&queue);
    expect_trail("ww");
    wait_unwatch(&first);
    wake_all(&queue);
    expect_trail("w");
    wait_unwatch(&last);
    wake_all(&queue);
    expect_trail("");
}

static void
a_wake_before_the_sleep_counts(void **state)
{
    struct waiter w;
    unsigned before = halts;

    (void)state;
    wait_join(&queue, &w);
    wake_all(&queue);
    assert_int_equal(wait_sleep(clock_now() + SOON), 0);
    wait_leave(&w);
    assert_int_equal(halts, before);
    /* But not one that was meant for a queue which was left. */
    wait_join(&queue, &w);
    wake_all(&queue);
    wait_leave(&w);
    assert_int_equal(wait_on(&queue, clock_now() + SOON), -ETIMEDOUT);
}

static void
several_queues_at_a_time(void **state)
{
    struct wait_queue other;
    struct waiter w, v;

    (void)state;
    wait_queue_init(&other);
    for (unsigned i = 0; i < 2; i++) {
        wait_join(&queue, &w);
        wait_join(&other, &v);
        wake_one(i ? &queue : &other);
        assert_int_equal(wait_sleep(clock_now() + SOON), 0);
        wait_leave(&w);
        wait_leave(&v);
        assert_true(list_empty(&queue.waiters));
        assert_true(list_empty(&other.waiters));
    }
}

static void
wake_the_queue(void *arg)
{
    mark('d');
    wake_all(arg);
}

/* ---- time ---- */

static void
waits_until_the_deadline(void **state)
{
    uint64_t deadline = clock_now() + SOON;

    (void)state;
    start(leave_letter, "a");
    assert_int_equal(wait_on(&queue, deadline), -ETIMEDOUT);
    assert_in_range(shim_clock(), deadline, deadline + SOON);
    expect_trail("a");
    assert_true(list_empty(&queue.waiters));
}

/* A deadline that is past is still a known point, and the wake that it brings counts. */
static void
looks_round_although_it_is_late(void **state)
{
    struct deferred d = {.run = wake_the_queue, .arg = &queue};

    (void)state;
    start(leave_letter, "a");
    defer_mark(&d);
    assert_int_equal(wait_on(&queue, 0), 0);
    assert_int_equal(wait_on(&queue, 0), -ETIMEDOUT);
    expect_trail("d");
    thread_yield();
    expect_trail("a");
}

/* Nobody is ready: the idle loop halts with interrupts off until one brings the wake-up. */
static void
is_woken_out_of_idleness(void **state)
{
    uint64_t begin = clock_now();
    struct timer t = {.fire = wake_the_queue, .arg = &queue};
    unsigned before = halts;

    (void)state;
    timer_set(&t, begin + SOON);
    assert_int_equal(wait_on(&queue, begin + 10 * SOON), 0);
    assert_in_range(shim_clock(), begin + SOON, begin + 3 * SOON);
    expect_trail("d");
    assert_true(halts > before);
    assert_false(irqs_at_halt);
    /* Its own time is no longer counted: nothing wakes it at the old deadline. */
    assert_int_equal(wait_on(&queue, begin + 30 * SOON), -ETIMEDOUT);
    assert_true(shim_clock() >= begin + 30 * SOON);
}

static void
sleeps_for_a_time(void **state)
{
    uint64_t begin = clock_now();
    struct deferred d = {.run = wake_the_queue, .arg = &queue};

    (void)state;
    thread_sleep(SOON);
    assert_in_range(shim_clock(), begin + SOON, begin + 2 * SOON);
    /* For no time at all: then it is a known point. */
    defer_mark(&d);
    thread_sleep(0);
    expect_trail("d");
}

static void
sleep_for_ever(void *arg)
{
    thread_sleep(UINT64_MAX);
    leave_letter(arg);
}

static void
for_ever(void)
{
    start(sleep_for_ever, "a");
    thread_sleep(100 * NSEC_PER_SEC);
    _exit(trail[0] ? 1 : ENDED);
}

static void
sleeps_for_ever_if_the_sum_wraps(void **state)
{
    (void)state;
    assert_int_equal(in_child(for_ever), ENDED);
}

/* ---- deferred work ---- */

static void
deferred_work_runs_before_others(void **state)
{
    struct deferred d = {.run = wake_the_queue, .arg = &queue};

    (void)state;
    start(leave_letter, "a");
    defer_mark(&d);
    thread_yield();
    expect_trail("da");
}

static void
block(void *arg)
{
    (void)arg;
    thread_yield();
}

static void
blocking_in_deferred_work(void)
{
    struct deferred d = {.run = block};

    defer_mark(&d);
    thread_yield();
}

static void
deferred_work_that_blocks_is_a_panic(void **state)
{
    (void)state;
    assert_int_equal(in_child(blocking_in_deferred_work), -1);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(one_is_woken_at_a_time_and_the_first_first, all_over),
        cmocka_unit_test_teardown(all_are_woken_in_order, all_over),
        cmocka_unit_test_teardown(a_watcher_is_told_of_each_wake, all_over),
        cmocka_unit_test_teardown(a_wake_before_the_sleep_counts, all_over),
        cmocka_unit_test_teardown(several_queues_at_a_time, all_over),
        cmocka_unit_test_teardown(waits_until_the_deadline, all_over),
        cmocka_unit_test_teardown(looks_round_although_it_is_late, all_over),
        cmocka_unit_test_teardown(is_woken_out_of_idleness, all_over),
        cmocka_unit_test_teardown(sleeps_for_a_time, all_over),
        cmocka_unit_test_teardown(sleeps_for_ever_if_the_sum_wraps, all_over),
        cmocka_unit_test_teardown(deferred_work_runs_before_others, all_over),
        cmocka_unit_test_teardown(deferred_work_that_blocks_is_a_panic, all_over),
    };

    return bed_run(tests, ARRAY_SIZE(tests));
}

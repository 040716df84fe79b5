/*
 * The kernel's threads (kernel/thread.h): in which order they run, what they are made of, what
 * is left of them, and which thread pointer the C library sees.
 */
#include "thread_bed.h"

/* ---- running ---- */

static void
leave_two_letters(void *arg)
{
    mark(*(const char *)arg);
    thread_yield();
    mark(*(const char *)arg);
}

static void
in_the_order_of_becoming_ready(void **state)
{
    (void)state;
    start(leave_two_letters, "a");
    start(leave_two_letters, "b");
    start(leave_letter, "c");
    expect_trail("");
    thread_yield();
    expect_trail("abc");
    thread_yield();
    expect_trail("ab");
    thread_yield();
    expect_trail("");
}

static void
ends_where_it_likes(void *arg)
{
    leave_letter(arg);
    thread_exit();
}

static void
ends_by_returning_or_by_saying_so(void **state)
{
    (void)state;
    start(leave_letter, "a");
    start(ends_where_it_likes, "b");
    start(leave_letter, "c");
    thread_yield();
    expect_trail("abc");
}

static void
note_interrupts(void *arg)
{
    bool on = platform->irq_save();

    platform->irq_restore(on);
    mark(on ? *(const char *)arg : '-');
}

static void
begins_with_interrupts_on(void **state)
{
    (void)state;
    start(note_interrupts, "a");
    platform->irq_save();
    thread_yield();
    platform->irq_restore(true);
    expect_trail("a");
}

static void
is_listed_with_what_it_is(void **state)
{
    struct thread *a =
        thread_create("a name of more than fifteen", leave_two_letters, "a", SHIM_STACK + 1);
    struct thread *b = start(leave_letter, "b");

    (void)state;
    assert_ptr_equal(thread_next(NULL), thread_current());
    assert_ptr_equal(thread_next(thread_current()), a);
    assert_ptr_equal(thread_next(a), b);
    assert_null(thread_next(b));
    assert_string_equal(a->name, "a name of more ");
    assert_string_equal(b->name, "b");
    assert_true(b->id == a->id + 1);
    assert_int_equal(a->stack_size, SHIM_STACK + PAGE_SIZE);
    assert_int_equal(b->stack_size, SHIM_STACK);
    assert_int_equal(a->state, THREAD_READY);
    assert_int_equal(thread_current()->state, THREAD_RUNNING);
    assert_int_equal(a->switches, 0);
    thread_yield();
    assert_int_equal(a->switches, 1);
    assert_null(thread_next(a));
    expect_trail("ab");
}

/* ---- stacks ---- */

static void
lies_between_guard_and_top(void **state)
{
    bool in_guard = true;
    struct thread *t = start(leave_letter, "a");
    uintptr_t base = t->stack_base, top = base + t->stack_size;

    (void)state;
    assert_int_equal(base % PAGE_SIZE, 0);
    assert_int_equal(guards, 1);
    assert_ptr_equal(guard, (void *)(base - PAGE_SIZE));
    assert_ptr_equal(thread_of_stack(base, &in_guard), t);
    assert_false(in_guard);
    assert_ptr_equal(thread_of_stack(top - 1, &in_guard), t);
    assert_false(in_guard);
    assert_ptr_equal(thread_of_stack(base - 1, &in_guard), t);
    assert_true(in_guard);
    assert_ptr_equal(thread_of_stack(base - PAGE_SIZE, &in_guard), t);
    assert_true(in_guard);
    assert_null(thread_of_stack(base - PAGE_SIZE - 1, &in_guard));
    assert_null(thread_of_stack(top, &in_guard));
    assert_null(thread_of_stack(0, &in_guard));
}

static void
may_be_the_callers(void **state)
{
    bool in_guard;
    char *stack = pages_alloc_raw(SHIM_STACK / PAGE_SIZE);
    struct thread *t =
        thread_create_on("own", leave_letter, "a", (uintptr_t)stack + SHIM_STACK);

    (void)state;
    assert_int_equal(t->stack_size, 0);
    assert_null(thread_of_stack((uintptr_t)stack + 8, &in_guard));
    thread_yield();
    thread_yield();
    expect_trail("a");
    assert_int_equal(shim_memory_live(), SHIM_STACK / PAGE_SIZE);
    pages_free(stack, SHIM_STACK / PAGE_SIZE);
}

static void
is_not_made_without_memory(void **state)
{
    (void)state;
    for (long n = 0; n < 2; n++) {
        shim_memory_fail_after(n);
        assert_null(thread_create("a", leave_letter, "a", SHIM_STACK));
        assert_int_equal(shim_memory_live(), 0);
        assert_int_equal(guards, 0);
    }
    shim_memory_fail_after(0);
    assert_null(thread_create_on("a", leave_letter, "a", 0));
    shim_memory_fail_after(-1);
    thread_yield();
    expect_trail("");
}

/* Paging that has no memory for a table, and a machine without paging. */
static void
needs_its_guard_only_where_there_are_any(void **state)
{
    (void)state;
    refuse_on = -ENOMEM;
    assert_null(thread_create("a", leave_letter, "a", SHIM_STACK));
    assert_int_equal(shim_memory_live(), 0);
    refuse_on = refuse_off = -ENOTSUP;
    start(leave_letter, "b");
    thread_yield();
    expect_trail("b");
    assert_int_equal(shim_log_lines(LOG_INFO), 0);
}

/* A page that faults must not come to anybody else. */
static void
loses_a_stack_whose_guard_stays(void **state)
{
    struct thread *t = start(leave_letter, "a");
    void *lost = (void *)(t->stack_base - PAGE_SIZE);
    size_t pages = (t->stack_size >> PAGE_SHIFT) + 1;

    (void)state;
    refuse_off = -ENOMEM;
    thread_yield();
    thread_yield();
    assert_int_equal(shim_memory_live(), pages);
    assert_int_equal(shim_log_lines(LOG_ERROR), 1);
    assert_true(shim_log_has("thread a: guard page"));
    pages_free(lost, pages);
    guards = 0;
}

/* ---- the C library's pointer ---- */

static void
set_tls(void *arg)
{
    uintptr_t tls = 0x1000;

    thread_set_tls(tls);
    thread_yield();
    mark(gs_window.self == tls && gs_base == 0 ? *(const char *)arg : '-');
}

static void
follows_the_thread_in_the_window(void **state)
{
    (void)state;
    thread_set_tls(0x2000);
    start(set_tls, "a");
    thread_yield();
    assert_int_equal(gs_window.self, 0x2000);
    thread_yield();
    assert_int_equal(gs_window.self, 0x2000);
    expect_trail("a");
}

static void
note_gs_base(void *arg)
{
    thread_set_tls(0x3000);
    thread_yield();
    mark(gs_base == 0x3000 ? *(const char *)arg : '-');
}

static void
by_descriptor(void)
{
    thread_set_tls(0x2000);
    thread_use_gs_base();
    bool right = gs_base == 0x2000;
    start(note_gs_base, "a");
    thread_yield();
    right = right && gs_base == 0x2000;
    thread_yield();
    _exit(right && trail[0] == 'a' && gs_base == 0x2000 ? ENDED : 1);
}

static void
follows_the_thread_in_the_descriptor(void **state)
{
    (void)state;
    assert_int_equal(in_child(by_descriptor), ENDED);
}

/* ---- the program ---- */

static uint64_t armed;

static void
note_timer(uint64_t deadline)
{
    armed = deadline;
}

/* Is a tick asked for when the program goes on? */
static bool
asks_for_a_tick(void)
{
    armed = TIME_NEVER;
    program_enter();
    assert_true(program_runs);
    program_runs = false;
    return armed <= clock_now() + TICK;
}

static void
no_work(void *unused)
{
    (void)unused;
}

static void
ticks_come_while_others_are_ready(void **state)
{
    struct deferred work = {.run = no_work};

    (void)state;
    machine.timer_arm = note_timer;
    assert_false(thread_others_ready());
    assert_false(asks_for_a_tick());
    start(leave_letter, "a");
    assert_true(thread_others_ready());
    assert_true(asks_for_a_tick());
    timer_interrupt(0, 0);
    assert_true(defer_pending());
    thread_yield();
    expect_trail("a");
    assert_false(defer_pending());
    assert_false(asks_for_a_tick());
    /* What an interrupt left behind after the last known point has a tick to come to. */
    defer_mark(&work);
    assert_true(asks_for_a_tick());
    timer_interrupt(0, 0);
    defer_run();
}

/* ---- the end ---- */

static void
exit_alone(void)
{
    thread_exit();
}

static void
the_last_one_ends_the_kernel(void **state)
{
    (void)state;
    assert_int_equal(in_child(exit_alone), ENDED);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(in_the_order_of_becoming_ready, all_over),
        cmocka_unit_test_teardown(ends_by_returning_or_by_saying_so, all_over),
        cmocka_unit_test_teardown(begins_with_interrupts_on, all_over),
        cmocka_unit_test_teardown(is_listed_with_what_it_is, all_over),
        cmocka_unit_test_teardown(lies_between_guard_and_top, all_over),
        cmocka_unit_test_teardown(may_be_the_callers, all_over),
        cmocka_unit_test_teardown(is_not_made_without_memory, all_over),
        cmocka_unit_test_teardown(needs_its_guard_only_where_there_are_any, all_over),
        cmocka_unit_test_teardown(loses_a_stack_whose_guard_stays, all_over),
        cmocka_unit_test_teardown(follows_the_thread_in_the_window, all_over),
        cmocka_unit_test_teardown(follows_the_thread_in_the_descriptor, all_over),
        cmocka_unit_test_teardown(ticks_come_while_others_are_ready, all_over),
        cmocka_unit_test_teardown(the_last_one_ends_the_kernel, all_over),
    };

    return bed_run(tests, ARRAY_SIZE(tests));
}

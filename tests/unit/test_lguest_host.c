/*
 * The lguest platform against the model's host: first contact, gates, the protocol of
 * irq_enabled and irq_pending, HALT, clock and timer with and without a TSC to rely on, and
 * the ways out. The code under test has the machine here: `platform` is lguest's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/lguest/lguest.h"
#include "arch/x86/lguest/parts.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "kernel/thread.h"
#include "shim.h"
#include "model/lguest.h"

extern const char trap_iret[];

static const struct platform *shim_platform;

/* A guest that runs, interrupts off, on a host that delivers at every exit. */
static int
host_reset(void **state)
{
    (void)state;
    if (!shim_platform)
        shim_platform = platform;
    platform = shim_platform;
    model_machine_reset();
    platform = &lguest_platform;
    model_host.time = 1700000000 * NSEC_PER_SEC;
    model_host_boot();
    lguest_data.irq_enabled = 0;
    model_host.at_exits = true;
    return 0;
}

static int
host_reset_with_tsc(void **state)
{
    host_reset(state);
    lguest_data.tsc_khz = 2000000;
    model_host.tsc = 5000;
    lguest_time_init();
    return 0;
}

/* ---- first contact ---- */

static void
test_init(void **state)
{
    (void)state;
    memset((void *)&lguest_data, 0, sizeof(lguest_data));
    model_host = (struct model_host){.tsc_khz = 1234};
    model_machine_reset();
    model_host_start();
    uint32_t iret = (uint32_t)(uintptr_t)trap_iret;
    const uint32_t tail[] = {iret, iret + 1, 0x80, 0x80, 0x80};
    for (unsigned i = 0; i < ARRAY_SIZE(tail); i++)
        assert_int_equal(lguest_data.tail[i], tail[i]);
    for (unsigned i = 0; i < LGUEST_ASYNC_SLOTS; i++)
        assert_int_equal(lguest_data.hcall_status[i], LGUEST_ASYNC_FREE);
    assert_int_equal(model_host.calls[LHCALL_LGUEST_INIT], 1);
    assert_int_equal(model_host.calls[LHCALL_NOTIFY], 0);
    assert_int_equal(lguest_device_page(), (uintptr_t)model_host_page());
    model_assert_clean();
}

/* Ends in SHUTDOWN: true, with text and reason in model_host. */
#define SHUTS_DOWN(what)            \
    ({                              \
        jmp_buf end;                \
        model_host.shutdown = &end; \
        bool ended = setjmp(end);   \
        if (!ended)                 \
            what;                   \
        ended;                      \
    })

/* A host whose address port reads back is Linux 4.x: refused before the first NOTIFY, which
 * would be fatal there. */
static void
test_later_host(void **state)
{
    (void)state;
    model_machine_reset();
    model_host.ports = true;
    assert_true(SHUTS_DOWN(model_host_start()));
    assert_non_null(strstr(model_host.text, "this host's device interface is not supported"));
    assert_int_equal(model_host.reason, LGUEST_SHUTDOWN_POWEROFF);
    assert_int_equal(model_host.calls[LHCALL_NOTIFY], 0);
    model_assert_clean();
}

static uintptr_t
gate_address(unsigned vector)
{
    return (model_host.gates[vector].high & 0xffff0000) |
           (model_host.gates[vector].low & 0xffff);
}

static void
expect_gate(unsigned vector, unsigned type, unsigned dpl, const void *handler)
{
    uint32_t high = model_host.gates[vector].high;

    assert_true(high & 0x8000);
    assert_int_equal(high >> 8 & 0x1f, type);
    assert_int_equal(high >> 13 & 3, dpl);
    assert_int_equal(high & 0xff, 0);
    assert_int_equal(gate_address(vector), (uint32_t)(uintptr_t)handler);
}

static void
test_gates(void **state)
{
    static const uint8_t exceptions[] = {0, 1, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 16, 17, 19};
    struct irq_line *line;
    unsigned loaded = 0;

    (void)state;
    for (unsigned i = 0; i < sizeof(exceptions); i++) {
        unsigned v = exceptions[i];
        expect_gate(v, 0xe, v == 3 || v == 4 ? 3 : 0, trap_stubs + v * TRAP_STUB_SIZE);
    }
    expect_gate(32, 0xe, 0, trap_stubs + 32 * TRAP_STUB_SIZE);
    expect_gate(63, 0xe, 0, trap_stubs + 63 * TRAP_STUB_SIZE);
    expect_gate(0x80, 0xf, 3, (const void *)trap_system_call_stub);
    for (unsigned v = 0; v < 256; v++)
        loaded += model_host.gates[v].high != 0;
    assert_int_equal(loaded, sizeof(exceptions) + 3);
    assert_int_equal(lguest_irq_claim(5, &line), 0);
    expect_gate(37, 0xe, 0, trap_stubs + 37 * TRAP_STUB_SIZE);
    lguest_irq_release(line);
    assert_true(trap_fault_address == &lguest_data.cr2);
    model_assert_clean();
}

/* The descriptor that %gs gets: flat, DPL 3, with this base (Intel SDM vol. 3, 3.4.5). */
static void
test_gs(void **state)
{
    (void)state;
    platform->set_gs_base(0x12345678);
    assert_int_equal(model_host.descriptor[0], 0x5678ffff);
    assert_int_equal(model_host.descriptor[1], 0x12cff334);
    assert_int_equal(model_host.gs, 0x73);
    model_assert_clean();
}

/* ---- interrupts ---- */

static struct irq_line *test_line;
static unsigned handled;

static void
count(void *arg)
{
    handled++;
    assert_int_equal(lguest_data.irq_enabled, 0);
    if (arg)
        ((void (*)(void))arg)();
}

static struct irq_action action = {.handler = count};

static void
listen(unsigned irq, void (*more)(void))
{
    handled = 0;
    action.arg = (void *)more;
    assert_int_equal(lguest_irq_claim(irq, &test_line), 0);
    irq_attach(test_line, &action);
}

static void
deaf(void)
{
    irq_detach(test_line, &action);
    lguest_irq_release(test_line);
}

static void
test_save_and_restore(void **state)
{
    unsigned *sent = &model_host.calls[LHCALL_SEND_INTERRUPTS];

    (void)state;
    lguest_data.irq_enabled = LGUEST_IF;
    assert_true(platform->irq_save());
    assert_int_equal(lguest_data.irq_enabled, 0);
    assert_false(platform->irq_save());
    platform->irq_restore(false);
    assert_int_equal(lguest_data.irq_enabled, 0);
    platform->irq_restore(true);
    assert_int_equal(lguest_data.irq_enabled, LGUEST_IF);
    assert_int_equal(*sent, 0); /* nothing was pending, so nobody was asked */
}

/* The host marks what it may not deliver, says no more, and never clears the mark. */
static void
test_pending(void **state)
{
    (void)state;
    listen(5, NULL);
    platform->irq_save();
    model_host_raise(5);
    model_host_deliver();
    assert_int_equal(handled, 0);
    assert_int_equal(lguest_data.irq_pending, LGUEST_IF);
    platform->irq_restore(true);
    assert_int_equal(handled, 1);
    assert_int_equal(lguest_data.irq_pending, 0);
    assert_int_equal(model_host.calls[LHCALL_SEND_INTERRUPTS], 1);
    assert_int_equal(lguest_data.irq_enabled, LGUEST_IF);
    deaf();
}

/* A frame of code that had them off returns with them off. */
static void
test_return_disabled(void **state)
{
    struct trap_frame frame = {.eflags = 2};

    (void)state;
    lguest_data.irq_enabled = 0;
    lguest_data.irq_pending = LGUEST_IF;
    lguest_trap_return(&frame);
    assert_int_equal(lguest_data.irq_enabled, 0);
    assert_int_equal(lguest_data.irq_pending, LGUEST_IF);
    assert_int_equal(model_host.calls[LHCALL_SEND_INTERRUPTS], 0);
}

/* While a handler runs the next one is raised, a thousand times: they must not pile up on the
 * stack, and the interrupted code must get its turn. */
static void
raise_again(void)
{
    if (handled < 1000) {
        model_host_raise(5);
        model_host_deliver();
    }
}

static void
test_storm(void **state)
{
    (void)state;
    listen(5, raise_again);
    lguest_data.irq_enabled = LGUEST_IF;
    model_host_raise(5);
    model_host_deliver();
    assert_int_equal(model_host.depth, 0);
    assert_true(model_host.deepest <= 2);
    assert_in_range(handled, 2, 1 + LGUEST_IRQS);
    assert_int_equal(lguest_data.irq_enabled, LGUEST_IF);
    for (unsigned i = 0; handled < 1000 && i < 1000; i++)
        model_host_deliver();
    assert_int_equal(handled, 1000);
    assert_int_equal(model_host.pending, 0);
    assert_int_equal(lguest_data.irq_enabled, LGUEST_IF);
    deaf();
}

/* All lines at once, while they are off: each is served, one level deep. */
static void
test_many_pending(void **state)
{
    static struct irq_action actions[LGUEST_IRQS];
    struct irq_line *all[LGUEST_IRQS];

    (void)state;
    handled = 0;
    for (unsigned irq = 1; irq < LGUEST_IRQ_TERMINATE; irq++) {
        actions[irq].handler = count;
        assert_int_equal(lguest_irq_claim(irq, &all[irq]), 0);
        irq_attach(all[irq], &actions[irq]);
        model_host_raise(irq);
    }
    model_host_deliver();
    platform->irq_restore(true);
    for (unsigned i = 0; i < LGUEST_IRQS; i++)
        model_host_deliver();
    assert_int_equal(handled, LGUEST_IRQ_TERMINATE - 1);
    assert_true(model_host.deepest <= 2);
    for (unsigned irq = 1; irq < LGUEST_IRQ_TERMINATE; irq++) {
        irq_detach(all[irq], &actions[irq]);
        lguest_irq_release(all[irq]);
    }
    assert_int_equal(lguest_data.blocked_interrupts | 1u << LGUEST_IRQ_TERMINATE, ~1u);
}

/* HALT sleeps with interrupts off and comes back with them off; what was raised between the
 * look and the sleep ends it at once. */
static void
test_halt(void **state)
{
    (void)state;
    listen(5, NULL);
    platform->irq_save();
    model_host_raise(5); /* after the caller's look */
    platform->halt();
    assert_int_equal(handled, 1);
    assert_int_equal(model_host.sleeps, 0);
    assert_int_equal(lguest_data.irq_enabled, 0);
    platform->halt();
    assert_int_equal(model_host.sleeps, 1);
    assert_int_equal(handled, 1);
    deaf();
}

static void
test_claim(void **state)
{
    struct irq_line *line, *other;

    (void)state;
    assert_int_equal(lguest_irq_claim(LGUEST_IRQ_TIMER, &line), -EINVAL);
    assert_int_equal(lguest_irq_claim(32, &line), -EINVAL);
    assert_int_equal(lguest_irq_claim(UINT32_MAX, &line), -EINVAL);
    assert_int_equal(lguest_irq_claim(7, &line), 0);
    assert_string_equal(line->name, "irq 7");
    assert_int_equal(lguest_irq_claim(7, &other), -EBUSY);
    assert_true(lguest_data.blocked_interrupts >> 7 & 1);
    irq_attach(line, &action);
    assert_false(lguest_data.blocked_interrupts >> 7 & 1);
    irq_detach(line, &action);
    assert_true(lguest_data.blocked_interrupts >> 7 & 1);
    lguest_irq_release(line);
    assert_int_equal(lguest_irq_claim(7, &other), 0);
    lguest_irq_release(other);
}

/* The launcher's line, until a device has it. The last test, since nothing gives it back. */
static void
test_terminate(void **state)
{
    (void)state;
    lguest_data.irq_enabled = LGUEST_IF;
    model_host_raise(LGUEST_IRQ_TERMINATE);
    model_host_deliver();
    assert_int_equal(model_host.asked, 1);
    listen(LGUEST_IRQ_TERMINATE, NULL);
    model_host_raise(LGUEST_IRQ_TERMINATE);
    model_host_deliver();
    assert_int_equal(model_host.asked, 1);
    assert_int_equal(handled, 1);
    deaf();
}

/* ---- the ways out ---- */

static void
test_exit(void **state)
{
    (void)state;
    assert_true(SHUTS_DOWN(platform->exit(0)));
    assert_string_equal(model_host.text, "exit 0");
    assert_true(SHUTS_DOWN(platform->exit(255)));
    assert_string_equal(model_host.text, "exit 255");
    assert_int_equal(model_host.reason, LGUEST_SHUTDOWN_POWEROFF);
    assert_true(SHUTS_DOWN(platform->restart()));
    assert_int_equal(model_host.reason, LGUEST_SHUTDOWN_RESTART);
}

/* The host reads 128 bytes, whatever the length. */
static void
test_crash(void **state)
{
    char text[300];

    (void)state;
    assert_true(SHUTS_DOWN(platform->crash("panic: it broke")));
    assert_string_equal(model_host.text, "panic: it broke");
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    assert_true(SHUTS_DOWN(platform->crash(text)));
    assert_int_equal(model_host.text[127], '\0');
    assert_int_equal(strlen(model_host.text), 127);
    assert_int_equal(model_host.reason, LGUEST_SHUTDOWN_POWEROFF);
}

static void
test_early_write(void **state)
{
    char text[500], expected[600];
    size_t n = 0;

    (void)state;
    platform->early_write("one\ntwo", 7);
    assert_string_equal(model_host.console, "one\r\ntwo");
    platform->early_write("\0!\0", 3);
    platform->early_write("", 0);
    assert_string_equal(model_host.console, "one\r\ntwo!");
    model_host.console[0] = '\0';
    for (unsigned i = 0; i < sizeof(text); i++) {
        text[i] = i % 7 == 6 ? '\n' : 'a' + i % 26;
        if (text[i] == '\n')
            expected[n++] = '\r';
        expected[n++] = text[i];
    }
    expected[n] = '\0';
    platform->early_write(text, sizeof(text));
    assert_string_equal(model_host.console, expected);
    assert_true(n > 512 && model_host.calls[LHCALL_NOTIFY] >= 5);
}

static void
test_map_device(void **state)
{
    uint64_t page = lguest_device_page(), area = LGUEST_DEVICE_PAGES * PAGE_SIZE;

    (void)state;
    assert_ptr_equal(platform->map_device(page, area), (void *)(uintptr_t)page);
    assert_non_null(platform->map_device(page + area - 1, 1));
    assert_null(platform->map_device(page - 1, 2));
    assert_null(platform->map_device(page, area + 1));
    assert_null(platform->map_device(page + area + 1, 0));
    assert_null(platform->map_device(page + 4096, SIZE_MAX));
    assert_null(platform->map_device(page + BIT(32), 1));
}

/* ---- the clock, with a TSC ---- */

static void
test_tsc_clock(void **state)
{
    (void)state;
    assert_int_equal(platform->clock(), 0);
    model_host.tsc += 2000; /* of 2 GHz */
    assert_in_range(platform->clock(), 999, 1000);
    model_host.tsc += 2000000000ull * 3600;
    assert_in_range(platform->clock(), 3600 * NSEC_PER_SEC - 1000, 3600 * NSEC_PER_SEC + 1001);
    assert_true(platform->wall_base() == model_host.time);
    assert_int_equal(model_host.calls[LHCALL_SET_CLOCKEVENT], 0); /* reading costs no tick */
}

static void
test_tsc_timer(void **state)
{
    uint64_t now = platform->clock();

    (void)state;
    platform->timer_arm(now + 1000000);
    assert_in_range(model_host.clockevent, 999999, 1000000);
    platform->timer_arm(now); /* past: soon, since 0 would be never */
    assert_in_range(model_host.clockevent, 1, 1000);
    platform->timer_arm(TIME_NEVER);
    assert_int_equal(model_host.clockevent, 0);
    platform->timer_arm(now + 10 * NSEC_PER_SEC); /* more than 32 bits hold: in pieces */
    assert_in_range(model_host.clockevent, 3 * NSEC_PER_SEC, UINT32_MAX);
}

static unsigned fired;

static void
fire(void *unused)
{
    (void)unused;
    fired++;
}

/* The host's timer, for as long as it is armed or the test wants to wait; true if it came. */
static bool
timer_expires(uint64_t within)
{
    uint64_t ns = model_host.clockevent;

    if (!ns || ns > within)
        return false;
    model_host.clockevent = 0;
    model_host.time += ns;
    model_host.tsc += 2 * ns;
    lguest_data.irq_enabled = LGUEST_IF;
    model_host_raise(LGUEST_IRQ_TIMER);
    model_host_deliver();
    return true;
}

/* A timer of the kernel's that is further away than one call reaches fires once, in time. */
static void
wait_for_timer(void)
{
    struct timer timer = {.fire = fire};
    uint64_t start = platform->clock(), deadline = start + 11 * NSEC_PER_SEC;
    unsigned ticks = 0;

    fired = 0;
    lguest_data.irq_enabled = LGUEST_IF;
    timer_set(&timer, deadline);
    while (!fired && ticks < 10000) {
        assert_true(timer_expires(TIME_NEVER));
        defer_run();
        ticks++;
    }
    assert_int_equal(fired, 1);
    assert_in_range(platform->clock(), deadline, deadline + 20 * NSEC_PER_MSEC);
    timer_cancel(&timer);
}

static void
test_far_timer(void **state)
{
    (void)state;
    wait_for_timer();
}

/* ---- the clock, without ---- */

/* A loop that waits for a time to come sees it pass, since the tick is armed by looking. */
static void
test_slow_clock_passes(void **state)
{
    lguest_data.irq_enabled = LGUEST_IF;
    uint64_t start = platform->clock(), last = start, now;
    unsigned ticks = 0;

    (void)state;
    while ((now = platform->clock()) < start + NSEC_PER_SEC) {
        assert_true(now >= last);
        last = now;
        assert_in_range(model_host.clockevent, 1, 10 * NSEC_PER_MSEC);
        assert_true(timer_expires(TIME_NEVER));
        assert_true(++ticks < 200);
    }
    assert_true(platform->wall_base() ==
                model_host.time - NSEC_PER_SEC - (now - start - NSEC_PER_SEC) - start);
}

/* Who does not look gets no ticks: after the one that a look had armed, quiet. */
static void
test_slow_clock_rests(void **state)
{
    unsigned ticks = 0;

    (void)state;
    platform->timer_arm(TIME_NEVER);
    lguest_data.irq_enabled = LGUEST_IF;
    platform->clock();
    while (timer_expires(TIME_NEVER))
        assert_true(++ticks < 3);
    assert_true(ticks > 0);
    /* With interrupts off it is a note of the moment, as the idle loop's: nobody waits. */
    lguest_data.irq_enabled = 0;
    platform->clock();
    assert_int_equal(model_host.clockevent, 0);
}

/* Never backwards, and never standing still for long, whatever the host does to its clock. */
static void
test_slow_clock_and_host(void **state)
{
    lguest_data.irq_enabled = LGUEST_IF;
    static const int64_t steps[] = {0, -3600, 1, -1000000, 0, -1};
    uint64_t last = platform->clock();

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(steps); i++) {
        model_host.time += (uint64_t)steps[i] * NSEC_PER_SEC;
        timer_expires(TIME_NEVER);
        uint64_t after_step = platform->clock();
        assert_true(after_step >= last);
        timer_expires(TIME_NEVER);
        last = platform->clock();
        assert_true(last > after_step);
        assert_in_range(last - after_step, 1, 20 * NSEC_PER_MSEC);
    }
    lguest_data.time_nsec = UINT32_MAX; /* no time at all */
    assert_true(platform->clock() >= last);
}

static void
test_slow_timer(void **state)
{
    (void)state;
    wait_for_timer();
}

/* A timer interrupt in the midst of arming, which the host sends as soon as it may. */
static void
test_timer_while_arming(void **state)
{
    uint64_t now = platform->clock();

    (void)state;
    lguest_data.irq_enabled = LGUEST_IF;
    for (unsigned i = 0; i < 100; i++) {
        model_host_raise(LGUEST_IRQ_TIMER);
        platform->timer_arm(now + 4 * NSEC_PER_SEC);
        assert_in_range(model_host.clockevent, 1, 4 * NSEC_PER_SEC);
        assert_int_equal(lguest_data.irq_enabled, LGUEST_IF);
        assert_int_equal(model_host.pending, 0);
    }
}

/* ---- a host that sets its clock back ---- */

/* Whether a device's interrupt, after that step of the host's clock, makes the guest arm again. */
static bool
arms_again(int64_t seconds)
{
    model_host.time += (uint64_t)seconds * NSEC_PER_SEC;
    model_host.clockevent = 0;
    lguest_data.irq_enabled = LGUEST_IF;
    model_host_raise(9);
    model_host_deliver();
    return model_host.clockevent != 0;
}

/* The original arms its timer against its clock, so one that was armed waits for the step too. */
static void
step_back(void)
{
    listen(9, NULL);
    platform->timer_arm(TIME_NEVER);
    lguest_timer_tick(0, 0); /* nor looks anybody at the clock */
    assert_false(arms_again(0));
    assert_false(arms_again(-15));
    platform->timer_arm(platform->clock() + 4 * NSEC_PER_SEC);
    arms_again(0);
    assert_false(arms_again(0));
    assert_false(arms_again(20));
    assert_true(arms_again(-15));
    assert_in_range(model_host.clockevent, 1, 4 * NSEC_PER_SEC);
    assert_false(arms_again(0)); /* once */
    platform->timer_arm(TIME_NEVER);
    deaf();
}

static void
test_clock_set_back(void **state)
{
    (void)state;
    step_back();
    /* Unseen by the wall clock alone: less than what went by. */
    listen(9, NULL);
    platform->timer_arm(platform->clock() + 60 * NSEC_PER_SEC);
    model_host.tsc += 2 * 20 * NSEC_PER_SEC;
    assert_true(arms_again(20 - 15));
    assert_false(arms_again(0));
    deaf();
}

static void
test_slow_clock_set_back(void **state)
{
    (void)state;
    step_back();
}

/* The tick of somebody who looks at the clock and waits for nothing else. */
static void
test_tick_set_back(void **state)
{
    (void)state;
    listen(9, NULL);
    platform->timer_arm(TIME_NEVER);
    platform->clock();
    assert_true(arms_again(-15));
    assert_in_range(model_host.clockevent, 1, 10 * NSEC_PER_MSEC);
    deaf();
}

int
main(void)
{
#define TEST(name)     cmocka_unit_test_setup(name, host_reset)
#define TSC_TEST(name) cmocka_unit_test_setup(name, host_reset_with_tsc)
    const struct CMUnitTest tests[] = {
        TEST(test_init),
        TEST(test_later_host),
        TEST(test_gates),
        TEST(test_gs),
        TEST(test_save_and_restore),
        TEST(test_pending),
        TEST(test_return_disabled),
        TEST(test_storm),
        TEST(test_many_pending),
        TEST(test_halt),
        TEST(test_claim),
        TEST(test_exit),
        TEST(test_crash),
        TEST(test_early_write),
        TEST(test_map_device),
        TSC_TEST(test_tsc_clock),
        TSC_TEST(test_tsc_timer),
        TSC_TEST(test_far_timer),
        TEST(test_slow_clock_passes),
        TEST(test_slow_clock_rests),
        TEST(test_slow_clock_and_host),
        TEST(test_slow_timer),
        TEST(test_timer_while_arming),
        TSC_TEST(test_clock_set_back),
        TEST(test_slow_clock_set_back),
        TEST(test_tick_set_back),
        TEST(test_terminate),
    };
    return cmocka_run_group_tests_name("lguest_host", tests, NULL, NULL);
}

/*
 * The launcher's gate (launcher/vcpu/gate.c): which signals it puts off and how, what it makes of the
 * guest's registers, and what its pages hold. The way in and out, gate.S, is played by labels without
 * code; what the guest sees of it all is tests/system/test_launcher_gate.py's.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "launcher/guest.h"
#include "launcher/launcher.h"

#define PLACE  0x20000000u /* where the pages go */
#define RAM    0x1000000u
#define BORDER 0x10000u
#define EIP    0x100000u
#define LOW    0x8000u
#define FS     0x73

/* As gate.S lies: before the C library's base is there, after that, the way out; and the landing. */
__asm__(
    ".data\n"
    ".globl gate_enter, gate_own, gate_resume, gate_left, gate_landing, gate_landing_end\n"
    ".globl gate_asleep, gate_awake\n"
    "gate_enter: .skip 16\n gate_own: .skip 16\n gate_resume: .skip 16\n gate_left: .skip 16\n"
    "gate_asleep: .skip 16\n gate_awake: .skip 16\n"
    "gate_landing: .byte 0xff, 0x25, 0xfa, 0x0f, 0, 0\n gate_landing_end:\n"
    ".text\n");
extern const char gate_enter[], gate_own[], gate_resume[], gate_left[], gate_asleep[], gate_awake[];
extern uint8_t gate_state[];
void gate_serve(void);
int gate_ppoll(struct pollfd *set, unsigned n);

static bool leaving, by_gate;
static uint32_t arrived;
static unsigned hypercalls, deliveries;
static greg_t regs[NGREG];
static uint16_t fs;

bool
is_leaving(void)
{
    return leaving;
}

void *
memory_behind(void)
{
    return (void *)(uintptr_t)PLACE;
}

void *
memory_at(uint32_t address, uint32_t len)
{
    return address <= RAM && len <= RAM - address ? &regs : NULL;
}

bool
memory_is_near(uint32_t address, uint32_t len)
{
    return address >= BORDER && len <= RAM - address;
}

uintptr_t
trap_stack_top(void)
{
    return 0x1000;
}

void
trap_check_selectors(const greg_t *now, uint16_t selector)
{
    assert_int_equal(selector, FS);
    assert_int_equal((uint64_t)now[REG_CSGSFS] >> 48, NEAR_DS);
}

void
trap_arrived(int signal)
{
    arrived |= 1u << signal;
}

void
view_exit(regs_t now, uint16_t *selector)
{
    (void)now, (void)selector;
}

bool
hypercall_by_gate(const greg_t *now)
{
    (void)now;
    return by_gate;
}

/* What comes meanwhile has to be served afterwards, and before interrupts are delivered. */
void
hypercall(regs_t now)
{
    (void)now;
    hypercalls++;
    assert_int_equal(arrived, 0);
}

void
interrupt_deliver(regs_t now)
{
    (void)now;
    deliveries++;
}

/* A sleep that a signal ends. */
int
gate_ppoll(struct pollfd *set, unsigned n)
{
    (void)set, (void)n;
    *(uint32_t *)(gate_state + GATE_DEFERRED) |= 1u << SIGNAL_TIMER;
    return -EINTR;
}

static uint32_t *
word(unsigned offset)
{
    return (uint32_t *)(gate_state + offset);
}

static int
fresh(void **state)
{
    (void)state;
    memset(gate_state, 0, GATE_WIDTH);
    memset(&options, 0, sizeof(options));
    memset(&stats, 0, sizeof(stats));
    leaving = by_gate = false;
    arrived = hypercalls = deliveries = 0;
    *word(GATE_SS) = NEAR_DS;
    *word(GATE_REG(REG_RSP)) = 0x200000;
    *word(GATE_REG(REG_EFL)) = 0x246;
    *(uint16_t *)(gate_state + GATE_FS) = FS;
    fs = FS;
    return 0;
}

/* A signal that interrupts the instruction there. */
static bool
signal_at(const char *place, int signal)
{
    regs[REG_RIP] = (uintptr_t)place;
    return gate_defers(signal, regs, &fs);
}

static void
inside(bool is)
{
    gate_state[GATE_INSIDE] = is;
}

static void
call(uint32_t edi)
{
    *word(GATE_REG(REG_RDI)) = edi;
    gate_state[GATE_FRESH] = 1;
    gate_serve();
}

/* rip, cs, rflags, rsp and ss as iretq will find them. */
static uint64_t
returns(unsigned n)
{
    return ((uint64_t *)(gate_state + GATE_FRAME))[n];
}

static void
a_signal_on_the_way_in_is_put_off(void **state)
{
    (void)state;
    assert_true(signal_at(gate_enter + 3, SIGNAL_TIMER));
    assert_int_equal(*word(GATE_DEFERRED), 1u << SIGNAL_TIMER);
    assert_int_equal(regs[REG_RIP], (uintptr_t)gate_enter + 3);
    assert_int_equal(fs, FS);
}

static void
the_librarys_base_stays(void **state)
{
    (void)state;
    assert_true(signal_at(gate_own, SIGNAL_NUDGE));
    assert_int_equal(fs, 0);
    fs = FS;
    inside(true);
    assert_true(signal_at((const char *)&regs, SIGNAL_NUDGE));
    assert_int_equal(fs, 0);
}

static void
a_signal_on_the_way_out_begins_it_again(void **state)
{
    (void)state;
    assert_true(signal_at(gate_left - 1, SIGTERM));
    assert_int_equal(regs[REG_RIP], (uintptr_t)gate_resume);
    assert_int_equal(*word(GATE_DEFERRED), 1u << SIGTERM);
}

/* Between the look at what came and the call that sleeps. */
static void
a_signal_just_before_the_sleep_ends_it(void **state)
{
    (void)state;
    inside(true);
    assert_true(signal_at(gate_asleep + 3, SIGNAL_TIMER));
    assert_int_equal(*word(GATE_DEFERRED), 1u << SIGNAL_TIMER);
    assert_int_equal(regs[REG_RIP], (uintptr_t)gate_awake);
    assert_int_equal(regs[REG_RAX], -EINTR);
}

static void
what_the_sleep_found_is_kept(void **state)
{
    (void)state;
    inside(true);
    regs[REG_RAX] = 3;
    assert_true(signal_at(gate_awake, SIGNAL_NUDGE));
    assert_int_equal(regs[REG_RIP], (uintptr_t)gate_awake);
    assert_int_equal(regs[REG_RAX], 3);
}

static void
what_ended_the_sleep_is_served(void **state)
{
    (void)state;
    assert_int_equal(gate_sleep(NULL, 0), -EINTR);
    assert_int_equal(arrived, 1u << SIGNAL_TIMER);
    assert_int_equal(*word(GATE_DEFERRED), 0);
}

static void
elsewhere_nothing_is_put_off(void **state)
{
    (void)state;
    assert_false(signal_at(gate_left, SIGNAL_NUDGE));
    assert_false(signal_at(gate_enter - 1, SIGNAL_NUDGE));
    assert_false(signal_at((const char *)&regs, SIGNAL_NUDGE));
    assert_int_equal(*word(GATE_DEFERRED), 0);
    assert_int_equal(fs, FS);
}

static void
a_fault_is_never_put_off(void **state)
{
    (void)state;
    inside(true);
    assert_false(signal_at(gate_enter, SIGSEGV));
    assert_false(signal_at(gate_enter, SIGSYS));
    assert_false(signal_at(gate_enter, SIGTRAP));
}

static void
who_leaves_hears_at_once(void **state)
{
    (void)state;
    inside(true);
    leaving = true;
    assert_false(signal_at(gate_own, SIGTERM));
}

static void
what_came_is_served_before_the_guest_goes_on(void **state)
{
    (void)state;
    by_gate = true;
    *word(GATE_DEFERRED) = 1u << SIGNAL_NUDGE | 1u << SIGTERM;
    call(EIP);
    assert_int_equal(arrived, 1u << SIGNAL_NUDGE | 1u << SIGTERM);
    assert_int_equal(*word(GATE_DEFERRED), 0);
    assert_int_equal(deliveries, 1);
}

static void
again_is_no_second_call(void **state)
{
    (void)state;
    by_gate = true;
    call(EIP);
    gate_serve();
    assert_int_equal(hypercalls, 1);
    assert_int_equal(stats.gate, 1);
    assert_int_equal(returns(0), EIP + 2);
}

static void
a_call_goes_on_behind_the_int(void **state)
{
    (void)state;
    by_gate = true;
    call(EIP);
    assert_int_equal(hypercalls, 1);
    assert_int_equal(returns(0), EIP + 2);
    assert_int_equal(returns(1), NEAR_CS);
    assert_int_equal(returns(2), 0x246);
    assert_int_equal(returns(3), 0x200000);
    assert_int_equal(returns(4), NEAR_DS);
}

static void
another_call_goes_on_with_the_int(void **state)
{
    (void)state;
    call(EIP);
    assert_int_equal(hypercalls, 0);
    assert_int_equal(returns(0), EIP);
}

static void
low_code_returns_to_the_far_view(void **state)
{
    (void)state;
    call(LOW);
    assert_int_equal(returns(1), FAR_CS);
}

static void
outside_of_memory_is_no_way_back(void **state)
{
    (void)state;
    expect_assert_failure(call(RAM - 1));
    expect_assert_failure(call(0xffffffff));
}

/* The landing at the first byte, int3 in all others; the address behind cannot be executed. */
static void
nothing_else_lies_on_the_pages(void **state)
{
    (void)state;
    gate_setup();
    if (!gate_address())
        skip();
    const uint8_t *page = (const uint8_t *)(uintptr_t)gate_address();
    static const uint8_t jump[] = {0xff, 0x25, 0xfa, 0x0f, 0, 0};
    assert_int_equal(gate_address(), PLACE);
    assert_memory_equal(page, jump, sizeof(jump));
    for (unsigned i = sizeof(jump); i < PAGE; i++)
        assert_int_equal(page[i], 0xcc);
    assert_int_equal(*(const uint64_t *)(page + PAGE), (uintptr_t)gate_enter);
    assert_true(signal_at((const char *)page, SIGNAL_TIMER));
    assert_int_equal(fs, FS);
    assert_false(signal_at((const char *)page + PAGE, SIGNAL_TIMER));
}

static void
none_where_it_is_not_wanted(void **state)
{
    (void)state;
    options.no_gate = true;
    gate_setup();
    assert_int_equal(gate_address(), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(none_where_it_is_not_wanted, fresh),
        cmocka_unit_test_setup(a_signal_on_the_way_in_is_put_off, fresh),
        cmocka_unit_test_setup(the_librarys_base_stays, fresh),
        cmocka_unit_test_setup(a_signal_on_the_way_out_begins_it_again, fresh),
        cmocka_unit_test_setup(a_signal_just_before_the_sleep_ends_it, fresh),
        cmocka_unit_test_setup(what_the_sleep_found_is_kept, fresh),
        cmocka_unit_test_setup(what_ended_the_sleep_is_served, fresh),
        cmocka_unit_test_setup(elsewhere_nothing_is_put_off, fresh),
        cmocka_unit_test_setup(a_fault_is_never_put_off, fresh),
        cmocka_unit_test_setup(who_leaves_hears_at_once, fresh),
        cmocka_unit_test_setup(what_came_is_served_before_the_guest_goes_on, fresh),
        cmocka_unit_test_setup(again_is_no_second_call, fresh),
        cmocka_unit_test_setup(a_call_goes_on_behind_the_int, fresh),
        cmocka_unit_test_setup(another_call_goes_on_with_the_int, fresh),
        cmocka_unit_test_setup(low_code_returns_to_the_far_view, fresh),
        cmocka_unit_test_setup(outside_of_memory_is_no_way_back, fresh),
        cmocka_unit_test_setup(nothing_else_lies_on_the_pages, fresh),
    };
    return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}

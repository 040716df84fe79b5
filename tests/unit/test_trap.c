/*
 * Who gets what the CPU reports (arch/x86/cpu/trap.h): the kernel's own code, which nobody may preempt,
 * and the program's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "arch/x86/cpu/fault.h"
#include "arch/x86/cpu/trap.h"
#include "kernel/thread.h"

#define INTERRUPT (TRAP_EXCEPTIONS + 5)

volatile bool program_runs;
static unsigned interrupts, for_program, entered, returned;
static bool handled, moved;
static uintptr_t seen_address;
static uint32_t fault_address = 0x1234;
static jmp_buf reported;

void
program_enter(void)
{
    entered++;
    program_runs = true;
}

_Noreturn void
fault_report(const struct trap_frame *frame, uintptr_t esp, uintptr_t address)
{
    (void)frame, (void)esp;
    assert_false(program_runs);
    seen_address = address;
    longjmp(reported, 1);
}

uint32_t
cpu_cr2(void)
{
    return 0x5678;
}

static void
take_interrupt(unsigned n, struct trap_frame *frame)
{
    (void)frame;
    assert_int_equal(n, INTERRUPT - TRAP_EXCEPTIONS);
    assert_false(program_runs); /* one inside of it finds the kernel */
    interrupts++;
}

static struct trap_frame *
take_program(struct trap_frame *frame, struct trap_frame *other, uintptr_t address)
{
    assert_false(program_runs);
    for_program++;
    seen_address = address;
    return frame->vector < TRAP_EXCEPTIONS && !handled ? NULL : moved ? other : frame;
}

static void
note_return(struct trap_frame *frame)
{
    (void)frame;
    assert_false(program_runs);
    returned++;
}

/* Where it goes on: 0 nowhere, 1 at the frame, 2 at the other one. */
static int
trap(unsigned vector)
{
    static struct trap_frame frame, other;

    interrupts = for_program = entered = returned = 0;
    trap_interrupt = take_interrupt;
    trap_program = take_program;
    trap_return = note_return;
    trap_fault_address = &fault_address;
    frame = (struct trap_frame){.vector = vector};
    if (setjmp(reported))
        return 0;
    return trap_dispatch(&frame, &other) == &frame ? 1 : 2;
}

static void
the_kernel_goes_on(void **state)
{
    (void)state;
    program_runs = false;
    assert_int_equal(trap(INTERRUPT), 1);
    assert_int_equal(interrupts, 1);
    assert_int_equal(for_program, 0);
    assert_int_equal(entered, 0);
    assert_int_equal(returned, 1);
    assert_false(program_runs);
}

static void
the_program_gives_way(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        moved = i;
        program_runs = true;
        assert_int_equal(trap(INTERRUPT), 1 + i);
        assert_int_equal(interrupts, 1);
        assert_int_equal(for_program, 1);
        assert_int_equal(entered, 1);
        assert_int_equal(returned, 1);
        assert_true(program_runs);
    }
    moved = false;
}

static void
exceptions_are_the_programs_or_the_end(void **state)
{
    (void)state;
    program_runs = handled = true;
    assert_int_equal(trap(TRAP_PAGE_FAULT), 1);
    assert_int_equal(for_program, 1);
    assert_int_equal(seen_address, fault_address);
    assert_true(program_runs);
    assert_int_equal(interrupts, 0);
    handled = false;
    assert_int_equal(trap(TRAP_PAGE_FAULT), 0);
    assert_int_equal(for_program, 1);
    handled = true;
    program_runs = false;
    assert_int_equal(trap(TRAP_PAGE_FAULT), 0);
    assert_int_equal(for_program, 0);
    assert_int_equal(seen_address, fault_address);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kernel_goes_on),
        cmocka_unit_test(the_program_gives_way),
        cmocka_unit_test(exceptions_are_the_programs_or_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

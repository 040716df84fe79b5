/*
 * What kind of trap it was, and whose it is.
 */
#include "arch/x86/cpu/trap.h"
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/fault.h"
#include "kernel/errno.h"
#include "kernel/thread.h"

void (*trap_system_call)(struct trap_frame *frame);
void (*trap_interrupt)(unsigned n, struct trap_frame *frame);
struct trap_frame *(*trap_program)(struct trap_frame *, struct trap_frame *, uintptr_t);
void (*trap_return)(struct trap_frame *frame);
const volatile uint32_t *trap_fault_address;
uintptr_t trap_stack;
uintptr_t trap_spare_stack;

struct trap_frame *
trap_dispatch(struct trap_frame *frame, struct trap_frame *other)
{
    bool program = program_runs, exception = frame->vector < TRAP_EXCEPTIONS;
    struct trap_frame *next = frame;

    if (frame->vector == TRAP_SYSTEM_CALL) {
        if (trap_system_call)
            trap_system_call(frame);
        else
            frame->eax = (uint32_t)-ENOSYS;
        return frame;
    }
    program_runs = false;
    frame->esp = (uint32_t)(uintptr_t)(frame + 1);
    uintptr_t address = !exception           ? 0
                        : trap_fault_address ? *trap_fault_address
                                             : cpu_cr2();
    if (frame->esp == trap_spare_stack) { /* what a PC calls a double fault */
        frame->vector = TRAP_DOUBLE_FAULT;
        fault_report(frame, *(const uint32_t *)(frame + 1), address);
    }
    if (!exception)
        trap_interrupt(frame->vector - TRAP_EXCEPTIONS, frame);
    if (program)
        next = trap_program(frame, other, address);
    if (exception && (!program || !next))
        fault_report(frame, frame->esp, address);
    if (trap_return)
        trap_return(next);
    if (program)
        program_enter();
    return next;
}

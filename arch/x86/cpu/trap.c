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
struct trap_frame *(*trap_program)(struct trap_frame *frame);
void (*trap_return)(struct trap_frame *frame);
const volatile uint32_t *trap_fault_address;
uintptr_t trap_stack;

struct trap_frame *
trap_dispatch(struct trap_frame *frame)
{
    bool program = program_runs;

    if (frame->vector == TRAP_SYSTEM_CALL) {
        if (trap_system_call)
            trap_system_call(frame);
        else
            frame->eax = (uint32_t)-ENOSYS;
        return frame;
    }
    program_runs = false;
    if (frame->vector >= TRAP_EXCEPTIONS)
        trap_interrupt(frame->vector - TRAP_EXCEPTIONS, frame);
    else
        fault_report(frame, (uintptr_t)(frame + 1),
                     trap_fault_address ? *trap_fault_address : cpu_cr2());
    if (program)
        frame = trap_program(frame);
    if (trap_return)
        trap_return(frame);
    if (program)
        program_enter();
    return frame;
}

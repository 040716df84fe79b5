/*
 * What kind of trap it was, and whose it is.
 */
#include "arch/x86/trap.h"
#include "arch/x86/cpu.h"
#include "arch/x86/fault.h"
#include "kernel/errno.h"

void (*trap_system_call)(struct trap_frame *frame);
void (*trap_interrupt)(unsigned n, struct trap_frame *frame);

void
trap_dispatch(struct trap_frame *frame)
{
    if (frame->vector == TRAP_SYSTEM_CALL) {
        if (trap_system_call)
            trap_system_call(frame);
        else
            frame->eax = (uint32_t)-ENOSYS;
    } else if (frame->vector >= TRAP_EXCEPTIONS) {
        trap_interrupt(frame->vector - TRAP_EXCEPTIONS, frame);
    } else {
        fault_report(frame, (uintptr_t)(frame + 1), cpu_cr2());
    }
}

/*
 * What is said when the CPU refuses an instruction. Shared by every platform.
 */
#ifndef ARCH_X86_CPU_FAULT_H
#define ARCH_X86_CPU_FAULT_H

#include <stdint.h>
#include "arch/x86/cpu/trap.h"

/*
 * End in a panic that says what went wrong and where: the exception's name, or for a page
 * fault what lies at `address` (CR2, ignored for other exceptions), the registers, and a
 * backtrace of the interrupted code. `esp` is its stack pointer. Any context, any stack.
 */
_Noreturn void fault_report(const struct trap_frame *frame, uintptr_t esp, uintptr_t address);

#endif

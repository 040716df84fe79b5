/*
 * How control comes back from the CPU: exceptions, interrupts and the system call gate all
 * arrive as a struct trap_frame on the stack of whatever was running. Shared by every
 * platform: who fills the descriptor table and what an interrupt means is the platform's, the
 * stubs and the frame are the same.
 *
 * Handlers are compiled without floating point and vector registers, so the frame saves none
 * and no state of the interrupted code is lost.
 */
#ifndef ARCH_X86_CPU_TRAP_H
#define ARCH_X86_CPU_TRAP_H

#define TRAP_DOUBLE_FAULT 8
#define TRAP_PAGE_FAULT   14
#define TRAP_EXCEPTIONS   32 /* vectors of the CPU's own */
#define TRAP_INTERRUPTS   96 /* from vector 32 on, numbered from 0; below TRAP_SYSTEM_CALL */
#define TRAP_STUBS        (TRAP_EXCEPTIONS + TRAP_INTERRUPTS)
#define TRAP_SYSTEM_CALL  0x80

#define TRAP_FRAME_SIZE 52
#define TRAP_STUB_SIZE 8 /* bytes from one stub to the next */
#define TRAP_STACK_NEAR 4096 /* from the end of trap_stack, while it is come to and left */

#ifndef __ASSEMBLER__
#include <stdint.h>

/* In the order of memory: what trap.S pushes, then what the CPU pushed. There is one
 * privilege level, so the CPU pushes no stack pointer; the interrupted one's value is the
 * address behind this structure, which trap_dispatch writes to `esp`. */
struct trap_frame {
    uint32_t edi, esi, ebp, esp, ebx, edx, ecx, eax; /* pushal */
    uint32_t vector;
    uint32_t error; /* 0 where the CPU has none to push */
    uint32_t eip, cs, eflags;
};

/*
 * Called for `int $0x80` with interrupts as the caller had them (a trap gate), on the
 * caller's stack; may block. Linux's i386 convention: number in eax, arguments in ebx, ecx,
 * edx, esi, edi, ebp, the result goes to frame->eax. lib/libc sets it; while it is NULL such a
 * call returns -ENOSYS.
 */
extern void (*trap_system_call)(struct trap_frame *frame);

/*
 * Called for interrupt `n` (vector 32 + n) with interrupts off; acknowledges the controller
 * and calls irq_dispatch or timer_interrupt. The platform sets it before interrupts go on.
 */
extern void (*trap_interrupt)(unsigned n, struct trap_frame *frame);

/*
 * Called after an interrupt or an exception that found the program (kernel/thread.h, program_runs),
 * interrupts off, on the stack of the thread, which may be preempted: it runs deferred work, gives way
 * to others, calls signal handlers. `address` is a page fault's. Returns the frame to go on with, which
 * lies right below its stack's pointer; or `other`, filled in, whose `esp` may be any, and then what lies
 * where the first frame is may have been written to. NULL: nobody handles the exception. lib/libc sets it.
 */
extern struct trap_frame *(*trap_program)(struct trap_frame *frame, struct trap_frame *other,
                                          uintptr_t address);

/*
 * For platforms whose interrupt flag is not the CPU's: called before the return from every
 * trap but a system call; NULL where iret does it all.
 */
extern void (*trap_return)(struct trap_frame *frame);

/* Where the address of a page fault stands, for platforms without a CR2 of their own; NULL:
 * in CR2. */
extern const volatile uint32_t *trap_fault_address;

/*
 * While code runs whose stack is not to be relied on (lib/linux), the end of the stack that a trap
 * goes on with; the frame stays where it was pushed. Every trap puts 0 here, which is "stay on this
 * one", until it returns.
 */
extern uintptr_t trap_stack;
/* Return from a trap whose frame lies at the end of the stack that its code shall have, and put
 * `stack` into trap_stack. */
_Noreturn void trap_resume(struct trap_frame *frame, uintptr_t stack);
/* The end of a frame for which the stack had no room, where the host leaves esp and ss; 0: none. */
extern uintptr_t trap_spare_stack;

_Static_assert(sizeof(struct trap_frame) == TRAP_FRAME_SIZE, "trap.S copies frames");

/* The entry points, for the descriptor table: TRAP_STUBS of them, TRAP_STUB_SIZE apart. */
extern const char trap_stubs[];
void trap_system_call_stub(void);

/* From trap.S. */
struct trap_frame *trap_dispatch(struct trap_frame *frame, struct trap_frame *other);
#endif

#endif

/*
 * One handler's call: on which stack, and with what it is told. Between system calls the program is
 * interrupted anywhere, by a signal or by an exception of its own; then the handler is told the
 * registers, and what it leaves in them is what the program goes on with. No frame is built that
 * sigreturn would take apart: a handler is called as a function, and whoever leaves it by
 * siglongjmp leaves ours with it. At the end of a system call nobody needs the registers, and
 * they are told as 0.
 *
 * Relies on trap.S for a frame that may be put back at another stack pointer, and on program.c
 * for the registers of coprocessor and SSE.
 */
#include "arch/x86/cpu/trap.h"
#include "kernel/errno.h"
#include "kernel/string.h"
#include "lib/libc/program.h"
#include "lib/libc/signal_frame.h"
#include "lib/libc/syscall.h"

#define EFLAGS_PROGRAM 0x50dd5u /* the flags that are a program's: SDM vol. 1, 3.4.3 */

/* ---- registers ---- */

static void
tell(struct abi_ucontext *context, const struct trap_frame *f, const struct abi_siginfo *info)
{
    uint32_t *at = context->machine;

    /* Page faults and the like (SDM vol. 3, 6.4.1) tell the vector, interrupts none. */
    at[ABI_REG_TRAPNO] = f->vector < TRAP_EXCEPTIONS ? f->vector : 0;
    at[ABI_REG_ERR] = f->error;
    at[ABI_REG_CR2] = f->vector == TRAP_PAGE_FAULT ? (uint32_t)info->pid : 0;
    at[ABI_REG_EDI] = f->edi;
    at[ABI_REG_ESI] = f->esi;
    at[ABI_REG_EBP] = f->ebp;
    at[ABI_REG_ESP] = at[ABI_REG_UESP] = f->esp;
    at[ABI_REG_EBX] = f->ebx;
    at[ABI_REG_EDX] = f->edx;
    at[ABI_REG_ECX] = f->ecx;
    at[ABI_REG_EAX] = f->eax;
    at[ABI_REG_EIP] = f->eip;
    at[ABI_REG_CS] = f->cs;
    at[ABI_REG_EFL] = f->eflags;
}

static void
take_back(struct trap_frame *f, const struct abi_ucontext *context)
{
    const uint32_t *at = context->machine;

    f->edi = at[ABI_REG_EDI];
    f->esi = at[ABI_REG_ESI];
    f->ebp = at[ABI_REG_EBP];
    f->esp = at[ABI_REG_ESP];
    f->ebx = at[ABI_REG_EBX];
    f->edx = at[ABI_REG_EDX];
    f->ecx = at[ABI_REG_ECX];
    f->eax = at[ABI_REG_EAX];
    f->eip = at[ABI_REG_EIP];
    f->eflags = (f->eflags & ~EFLAGS_PROGRAM) | (at[ABI_REG_EFL] & EFLAGS_PROGRAM);
}

/* ---- the alternate stack ---- */

static bool
stands_on(const struct abi_stack *stack, uintptr_t sp)
{
    return sp - stack->base < stack->size;
}

/* Where to begin: 0 is where we are. The place of this frame tells where that is. */
static uintptr_t
top_for(const struct abi_sigaction *action, const struct abi_stack *other)
{
    if (!(action->flags & ABI_SA_ONSTACK) || !other->size ||
        stands_on(other, (uintptr_t)__builtin_frame_address(0)))
        return 0;
    return other->base + other->size;
}

SYSCALL(186, sigaltstack, const struct abi_stack *new, struct abi_stack *old)
{
    struct abi_stack *mine = &((struct libc_thread *)thread_current()->data)->other_stack;
    bool on_it = stands_on(mine, (uintptr_t)__builtin_frame_address(0));
    struct abi_stack wanted = {0};

    if (new)
        wanted = *new;
    if (old) {
        *old = *mine;
        old->flags = on_it ? ABI_SS_ONSTACK : mine->size ? 0 : ABI_SS_DISABLE;
    }
    if (!new)
        return 0;
    if (on_it)
        return -EPERM;
    if (wanted.flags & ~(ABI_SS_ONSTACK | ABI_SS_DISABLE))
        return -EINVAL;
    if (wanted.flags & ABI_SS_DISABLE)
        wanted = (struct abi_stack){0};
    else if (wanted.size < ABI_MINSIGSTKSZ)
        return -ENOMEM;
    *mine = wanted;
    return 0;
}

/* ---- the call ---- */

uint64_t
signal_call(const struct abi_sigaction *action, struct abi_siginfo *info, uint64_t blocked,
            struct trap_frame *frame)
{
    const struct abi_stack *other =
        &((struct libc_thread *)thread_current()->data)->other_stack;
    struct abi_ucontext context = {.mask = blocked, .stack = *other};
    int number = info->signo;

    if (frame)
        tell(&context, frame, info);
    program_begin();
    program_call(top_for(action, other), (program_fn *)action->handler, number, (long)info,
                 (long)&context);
    program_end();
    if (frame)
        take_back(frame, &context);
    return context.mask;
}

/* ---- exceptions ---- */

/* si_code of floating-point exceptions by the bits of the status word, masked ones left out; the order
 * is Linux's. */
static int
float_code(uint32_t raised)
{
    return raised & 1         ? ABI_FPE_FLTINV
           : raised & 4       ? ABI_FPE_FLTDIV
           : raised & 8       ? ABI_FPE_FLTOVF
           : raised & (2 | 16) ? ABI_FPE_FLTUND
           : raised & 32      ? ABI_FPE_FLTRES
                              : 0;
}

static int
x87_code(void)
{
    uint16_t control, status;

    __asm__ volatile("fnstcw %0\n\tfnstsw %1" : "=m"(control), "=m"(status));
    return float_code(status & ~(uint32_t)control);
}

static int
sse_code(void)
{
    uint32_t mxcsr;

    __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
    return float_code(mxcsr & ~(mxcsr >> 7));
}

static struct abi_siginfo
exception(int number, int code, uintptr_t address)
{
    return (struct abi_siginfo){.signo = number, .code = code, .pid = (int32_t)address};
}

/* What Linux makes of each exception (SDM vol. 3, table 6-1). */
struct abi_siginfo
signal_of_exception(const struct trap_frame *f, uintptr_t address)
{
    switch (f->vector) {
    case 0:
        return exception(ABI_SIGFPE, ABI_FPE_INTDIV, f->eip);
    case 1:
        return exception(ABI_SIGTRAP, ABI_TRAP_TRACE, f->eip);
    case 3:
        return exception(ABI_SIGTRAP, ABI_SI_KERNEL, 0);
    case 6:
        return exception(ABI_SIGILL, ABI_ILL_ILLOPN, f->eip);
    case 11:
    case 12:
        return exception(ABI_SIGBUS, ABI_SI_KERNEL, 0);
    case TRAP_PAGE_FAULT:
        return exception(ABI_SIGSEGV, f->error & 1 ? ABI_SEGV_ACCERR : ABI_SEGV_MAPERR, address);
    case 16:
        return exception(ABI_SIGFPE, x87_code(), f->eip);
    case 17:
        return exception(ABI_SIGBUS, ABI_BUS_ADRALN, 0);
    case 19:
        return exception(ABI_SIGFPE, sse_code(), f->eip);
    default:
        return exception(ABI_SIGSEGV, ABI_SI_KERNEL, 0);
    }
}

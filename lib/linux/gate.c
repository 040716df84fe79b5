/*
 * Where a program's system calls arrive, by `int $0x80` or through entry.S, and leave. In between the
 * registers lie in the thread's structure, and the kernel's stack is the thread's own. On the way
 * out signals are looked at: a handler is entered by changing the registers (signal.c).
 */
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "kernel/thread.h"
#include "lib/libc/program.h"
#include "lib/linux/program.h"

ENLIST_DECLARE(linux_calls);
ENLIST_DECLARE(syscalls);

long
linux_call(unsigned number, long a, long b, long c, long d, long e, long f)
{
    const struct syscall *call = syscall_find(number);
    long result;

    if (!call)
        return syscall_unknown(number, 0);
    do {
        result = syscall_make(call, a, b, c, d, e, f);
    } while (result == -SYSCALL_RESTART && !signal_waits());
    return result;
}

long
linux_original(unsigned number, long a, long b, long c, long d, long e, long f)
{
    ENLIST_FOREACH(syscalls, const struct syscall, call) {
        if (call->number == (int)number)
            return syscall_make(call, a, b, c, d, e, f);
    }
    return -ENOSYS;
}

/* Enter the handlers that are due; what a call let in while it lasted is blocked again then. */
static void
deliver_signals(struct linux_thread *self)
{
    signal_deliver(NULL);
    if (!self->unmask_later)
        return;
    self->unmask_later = false;
    self->libc.blocked = self->unmask;
    signal_deliver(NULL);
}

/* The call with the registers as they are; false: nobody's handler ran in the end, and it has to be made
 * again. */
static bool
serve(struct linux_thread *self)
{
    struct trap_frame *f = &self->regs.frame;
    long result;

    self->number = f->eax;
    self->replaced = false;
    if (syscall_find(f->eax))
        result = linux_call(f->eax, (long)f->ebx, (long)f->ecx, (long)f->edx, (long)f->esi,
                            (long)f->edi, (long)f->ebp);
    else
        result = syscall_unknown(f->eax, f->eip);
    self->may_restart = result == -SYSCALL_RESTART && !self->replaced;
    if (!self->replaced)
        f->eax = (uint32_t)(self->may_restart ? -EINTR : result);
    defer_run();
    deliver_signals(self);
    if (self->may_restart)
        f->eax = self->number;
    return !self->may_restart;
}

/* The frame of the registers, at the end of the program's stack. */
static struct trap_frame *
put_frame(struct linux_thread *self)
{
    struct trap_frame *frame = (struct trap_frame *)self->regs.esp - 1;

    *frame = self->regs.frame;
    return frame;
}

static _Noreturn void
go_on(struct linux_thread *self)
{
    program_enter();
    trap_resume(put_frame(self), self->stack);
}

void
linux_leave(void)
{
    linux_fpu_restore(linux_self()->fpu);
    go_on(linux_self());
}

static void
gate(struct trap_frame *frame)
{
    struct linux_thread *self = linux_self();
    uint64_t switches = thread_current()->switches;

    program_end();
    self->regs = (struct linux_registers){*frame, (uintptr_t)(frame + 1)};
    linux_fpu_save(self->fpu);
    while (!serve(self))
        continue;
    if (self->replaced || thread_current()->switches != switches)
        linux_leave();
    go_on(self);
}

/* ---- interrupts ---- */

static struct trap_frame *(*lib_libc)(struct trap_frame *, struct trap_frame *, uintptr_t);

/* One that found the program: behind what lib/libc does (lib/libc/program.c), handlers are entered. */
static struct trap_frame *
interrupted(struct trap_frame *frame, struct trap_frame *other, uintptr_t address)
{
    struct linux_thread *self = linux_self();
    bool exception = frame->vector < TRAP_EXCEPTIONS;
    bool at_door = self->stack - (uintptr_t)frame < TRAP_STACK_NEAR; /* on the way in or out */
    struct abi_siginfo info;

    if (exception && (at_door || !signal_is_handled(frame, address, &info)))
        return NULL;
    if (!exception)
        frame = lib_libc(frame, other, address);
    if (!exception && !signal_waits())
        return frame;
    if (at_door) {
        timer_tick(); /* no place to enter a handler from */
        return frame;
    }
    platform->irq_restore(true);
    self->regs = (struct linux_registers){*frame, (uintptr_t)(frame + 1)};
    linux_fpu_save(self->fpu);
    self->may_restart = false;
    if (exception)
        signal_exception(&info, NULL);
    signal_deliver(NULL);
    linux_fpu_restore(self->fpu);
    platform->irq_save();
    return put_frame(self);
}

/* Says to lib/libc/program.c that the program calls nothing of the kernel's but by system calls. */
const char program_is_foreign[1] = {0};

void
linux_gate_init(void)
{
    ENLIST_FOREACH(linux_calls, const struct linux_call, it) {
        if (it->instead)
            syscall_replace(&it->call);
        else
            syscall_stand_in(&it->call);
    }
    trap_system_call = gate;
    lib_libc = trap_program;
    trap_program = interrupted;
}

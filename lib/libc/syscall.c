/*
 * Both ways into a system call meet here: musl's ordinary calls come through entry.S, the
 * few that it makes by `int $0x80` (set_thread_area at the start, cancellation points in
 * programs with threads) through the trap code. One table by number serves them, filled at
 * the start from what the linked parts enlisted.
 */
#include "arch/x86/cpu/trap.h"
#include "kernel/kernel.h"
#include "kernel/thread.h"
#include "lib/libc/program.h"
#include "lib/libc/signal.h"
#include "lib/libc/syscall.h"

#define SYSCALL_LIMIT 512 /* i386 has numbers up to 450 in 2022 */

static const struct syscall *table[SYSCALL_LIMIT];
static uint32_t told[SYSCALL_LIMIT / 32]; /* unknown calls that the log has named */

bool program_preempted, program_leaves_thread;

ENLIST_DECLARE(syscalls);

long
syscall_unknown(unsigned long number, uintptr_t from)
{
    uint32_t offset;
    const char *caller = symbol_name(from, &offset);

    if (number >= SYSCALL_LIMIT)
        return -ENOSYS;
    if (!(told[number / 32] & 1u << number % 32))
        log_warn("system call %lu: not served by Ringlet (called by %s)", number,
                 caller ? caller : "the application");
    told[number / 32] |= 1u << number % 32;
    return -ENOSYS;
}

const struct syscall *
syscall_find(unsigned long number)
{
    return number < SYSCALL_LIMIT ? table[number] : NULL;
}

static long
serve(unsigned long number, long a, long b, long c, long d, long e, long f, uintptr_t from)
{
    const struct syscall *call = syscall_find(number);
    long result;

    if (!call)
        return syscall_unknown(number, from);
    do {
        result = syscall_make(call, a, b, c, d, e, f);
        if (call->asks || (program_preempted && defer_pending()))
            defer_run();
    } while (signal_after_call() && result == -SYSCALL_RESTART);
    return result == -SYSCALL_RESTART ? -EINTR : result;
}

/* The door. Interrupts are on inside as well; but nobody takes the thread's place before the way out. */
long
syscall_dispatch(unsigned long number, long a, long b, long c, long d, long e, long f,
                 uintptr_t from)
{
    program_end();
    long result = serve(number, a, b, c, d, e, f, from);
    if (program_preempted && !program_leaves_thread)
        program_enter();
    return result;
}

static void
gate(struct trap_frame *frame)
{
    frame->eax = (uint32_t)syscall_dispatch(frame->eax, (long)frame->ebx, (long)frame->ecx,
                                            (long)frame->edx, (long)frame->esi,
                                            (long)frame->edi, (long)frame->ebp, frame->eip);
}

void
syscall_init(void)
{
    ENLIST_FOREACH(syscalls, const struct syscall, call) {
        if (table[call->number])
            panic("system call %d: two parts serve it, one of them as %s", call->number,
                  call->name);
        table[call->number] = call;
    }
    trap_system_call = gate;
}

void
syscall_stand_in(const struct syscall *call)
{
    if (!table[call->number])
        table[call->number] = call;
}

void
syscall_replace(const struct syscall *call)
{
    table[call->number] = call;
}

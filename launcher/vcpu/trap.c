/*
 * Every exit of the guest is a signal: a fault is a hypercall, a privileged instruction or a
 * trap of the guest's own; int $0x80 is a system call that the filter refuses; the nudge and
 * the timer are interrupts. All handlers run on a stack of their own (the guest's esp is
 * nothing to a 64-bit handler) with all signals blocked, and enter through trap_entry of
 * enter.S, which has put the C library's FS base back.
 *
 * The guest is where it should be if the interrupted code selector is one of the guest's. Anything
 * else is an attempt to leave, or our own mistake, and ends the launcher.
 */
#include <asm/prctl.h>
#include <errno.h>
#include <linux/audit.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include "launcher/check/check.h"
#include "launcher/device/device.h"
#include "launcher/guest.h"
#include "launcher/launcher.h"

#define HWCAP2_FSGSBASE 2
/* Two nested frames with every vector register there is, and room to work. */
#define SIGNAL_STACK      (128 * 1024)
#define TERMINATE_SECONDS 5

/* Exceptions (Intel SDM vol. 3, 6.3.1). */
#define TRAP_OVERFLOW   4
#define TRAP_BREAKPOINT 3
#define TRAP_STACK      12
#define TRAP_PROTECTION 13
#define HAS_ERROR_CODE  (1u << 8 | 0x1fu << 10 | 1u << 17)

/* The error code of int n without a gate that ring 3 may use (6.13): the vector, and IDT. */
#define INT_ERROR(vector) ((uint32_t)(vector) << 3 | 2)
/* QEMU's TCG gives twice the vector in long mode (7.2 observed). */
#define TCG_INT_ERROR(vector) INT_ERROR((vector) << 1)

#define INT_OPCODE 0xcd
#define INT_LENGTH 2

void trap_entry(int, siginfo_t *, void *);
uint16_t trap_handle(int, siginfo_t *, ucontext_t *, uint16_t fs);

/* For enter.S. */
unsigned long trap_fs_base;
bool trap_has_fsgsbase;

static uint8_t signal_stack[SIGNAL_STACK] __attribute__((aligned(64)));
static int terminating;      /* the signal that asked for the end, or 0 */
static bool starting_afresh; /* trap_start_state was called during this exit */

static void
handle_signal(int signal)
{
    sigset_t all;
    sigfillset(&all);
    struct sigaction action = {
        .sa_sigaction = trap_entry,
        .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART, /* a call made in the gate (gate.c) */
        .sa_mask = all,
    };
    sigaction(signal, &action, NULL);
}

/* Those who start a program may want it to live on without their terminal (nohup, or & in a
 * script): what they had ignored stays ignored. */
static void
handle_unless_ignored(int signal)
{
    struct sigaction before;
    if (sigaction(signal, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        handle_signal(signal);
}

/*
 * SIGALRM ends the guest with a sentence. One that has found a way to block signals (it can
 * make a signal frame of its own and return from it) is ended by the kernel, a second after the
 * console's reader must have had its time.
 */
static void
set_time_limit(void)
{
    struct itimerval limit = {.it_value.tv_sec = options.timeout};
    struct itimerspec last = {.it_value.tv_sec = options.timeout + CONSOLE_PATIENCE + 1};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL};
    timer_t timer;
    if (setitimer(ITIMER_REAL, &limit, NULL) != 0 ||
        syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) != 0 ||
        syscall(SYS_timer_settime, timer, 0, &last, NULL) != 0)
        die("cannot set the time limit: %s", strerror(errno));
}

uintptr_t
trap_stack_top(void)
{
    return (uintptr_t)signal_stack + sizeof(signal_stack);
}

void
trap_setup(void)
{
    syscall(SYS_arch_prctl, ARCH_GET_FS, &trap_fs_base);
    trap_has_fsgsbase = getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE;
    stack_t stack = {.ss_sp = signal_stack, .ss_size = sizeof(signal_stack)};
    sigaltstack(&stack, NULL);
    static const int signals[] = {SIGSEGV, SIGSYS,       SIGBUS,       SIGFPE,  SIGILL,
                                  SIGTRAP, SIGNAL_NUDGE, SIGNAL_TIMER, SIGALRM, SIGTERM};
    for (unsigned i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        handle_signal(signals[i]);
    handle_unless_ignored(SIGINT);
    handle_unless_ignored(SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    if (options.timeout)
        set_time_limit();
}

void
trap_start_state(regs_t regs, uint32_t entry)
{
    static const int zeroed[] = {REG_RAX, REG_RBX, REG_RCX, REG_RDX,
                                 REG_RSI, REG_RDI, REG_RBP, REG_RSP};
    for (unsigned i = 0; i < sizeof(zeroed) / sizeof(zeroed[0]); i++)
        regs[zeroed[i]] = 0;
    regs[REG_RIP] = entry;
    regs[REG_EFL] = 0x202;
    starting_afresh = true;
    view_reset(regs);
}

/* Enters the guest's gate for a trap, or ends the guest if it has none. */
static void
reflect(regs_t regs, unsigned vector, uint32_t error)
{
    struct gate gate = interrupt_gate(vector);
    if (!gate.type)
        die("unhandled trap %u at %#x (%#x)", vector, (uint32_t)regs[REG_RIP],
            vector == TRAP_PAGE_FAULT && guest_data ? guest_data->cr2 : error);
    interrupt_enter(regs, gate, vector < 32 && HAS_ERROR_CODE >> vector & 1, error);
}

/* int n with `length` bytes of instruction, eip behind it. */
static void
software_interrupt(regs_t regs, unsigned vector, unsigned length)
{
    struct gate gate = interrupt_gate(vector);
    if (!gate.type || gate.dpl == 0) {
        regs[REG_RIP] -= length;
        /* The original knows this vector without a gate as well, and says so. */
        bool named = !gate.type && vector == LGUEST_SYSCALL_VECTOR;
        reflect(regs, named ? vector : TRAP_PROTECTION, INT_ERROR(vector));
        return;
    }
    if (vector >= LGUEST_IRQ_VECTOR && gate.type != 0xF) {
        HOOK(rules.swallowed, (vector, (uint32_t)regs[REG_RIP] - length));
        return;
    }
    interrupt_enter(regs, gate, vector < 32 && HAS_ERROR_CODE >> vector & 1, 0);
}

/* The vector of the int n that caused a fault with this error code; -1 if none did. */
static int
int_vector(regs_t regs, uint32_t error)
{
    const uint8_t *at = memory_at(regs[REG_RIP], INT_LENGTH);
    if (!at || at[0] != INT_OPCODE)
        return -1;
    return error == INT_ERROR(at[1]) || error == TCG_INT_ERROR(at[1]) ? at[1] : -1;
}

static bool
protection_fault(regs_t regs, uint32_t error)
{
    if (error == 0)
        return emulate_privileged(regs);
    int vector = int_vector(regs, error);
    if (vector < 0)
        return false;
    regs[REG_RIP] += INT_LENGTH;
    if (vector == LGUEST_TRAP_ENTRY)
        hypercall(regs);
    else
        software_interrupt(regs, vector, INT_LENGTH);
    return true;
}

static void
fault(regs_t regs, uint16_t *fs)
{
    unsigned vector = regs[REG_TRAPNO];
    uint32_t error = regs[REG_ERR];
    if (vector == TRAP_PROTECTION && protection_fault(regs, error))
        return;
    bool limit = (vector == TRAP_PROTECTION || vector == TRAP_STACK) && error == 0;
    if (limit && view_limit_fault(regs, fs))
        return;
    if (vector == TRAP_BREAKPOINT || vector == TRAP_OVERFLOW) { /* int3 and into: one byte */
        software_interrupt(regs, vector, 1);
        return;
    }
    if (vector == TRAP_PAGE_FAULT) {
        uint32_t address = memory_guest_address(regs[REG_CR2]);
        error = paging_error(address, error);
        if (!guest_data)
            die("unhandled trap %u at %#x (%#x)", vector, (uint32_t)regs[REG_RIP], address);
        guest_data->cr2 = address;
    }
    reflect(regs, vector, error);
}

static void
refused_call(regs_t regs, const siginfo_t *info)
{
    if (info->si_arch != AUDIT_ARCH_I386)
        die("the guest tried the host's system call %d", info->si_syscall);
    software_interrupt(regs, LGUEST_SYSCALL_VECTOR, INT_LENGTH);
}

static void
deadline(void)
{
    if (terminating && console_waits()) { /* so does the guest, in its own good order */
        struct itimerval again = {.it_value.tv_sec = 1};
        setitimer(ITIMER_REAL, &again, NULL);
        return;
    }
    if (terminating)
        leave(EXIT_SIGNAL + terminating);
    if (is_leaving()) /* a reader that always takes a little */
        leave(EXIT_TIMEOUT);
    warn("stopped after %u seconds", options.timeout);
    struct itimerval last = {.it_value.tv_sec = CONSOLE_PATIENCE};
    setitimer(ITIMER_REAL, &last, NULL);
    leave(EXIT_TIMEOUT);
}

/* The guest is asked to end, once: who asks again wants it to be over. */
static void
terminate(int signal)
{
    if (terminating || is_leaving() || !interrupt_terminate())
        leave(EXIT_SIGNAL + signal);
    terminating = signal;
    struct itimerval limit = {.it_value.tv_sec = TERMINATE_SECONDS}, rest;
    setitimer(ITIMER_REAL, &limit, &rest);
    if (timerisset(&rest.it_value) && timercmp(&rest.it_value, &limit.it_value, <))
        setitimer(ITIMER_REAL, &rest, NULL); /* --timeout comes before that */
}

/* What may come at any time, from the guest or from a HALT's ppoll; false: not one of those. */
static bool
asynchronous(int signal)
{
    switch (signal) {
    case SIGNAL_NUDGE:
        return true;
    case SIGNAL_TIMER:
        interrupt_timer_expired();
        return true;
    case SIGALRM:
        deadline();
        return true;
    case SIGTERM:
    case SIGINT:
    case SIGHUP:
        terminate(signal);
        return true;
    }
    return false;
}

/* One that is not the kernel's tells of no fault: what it says of one is of an earlier one. */
static void
check_origin(int signal, const siginfo_t *info)
{
    if (info->si_code <= 0)
        die("ended by signal %d of another process", signal);
}

/* The interrupted code is not the guest's. */
static void
outside(int signal, const siginfo_t *info, const ucontext_t *context, uint16_t cs)
{
    const greg_t *regs = context->uc_mcontext.gregs;
    if (cs == LINUX_USER_CS && asynchronous(signal))
        return; /* in HALT */
    check_origin(signal, info);
    uint64_t ip = regs[REG_RIP];
    if (ip == (uintptr_t)segments_tls_call - INT_LENGTH)
        die("this kernel has no 32-bit system calls (IA32 emulation), which thread-local "
            "segments need");
    if (signal == SIGSYS)
        die("escape refused: code outside the guest's segment (cs %#x, ip %#lx) made %s system "
            "call %d",
            cs, ip, info->si_arch == AUDIT_ARCH_I386 ? "32-bit" : "64-bit", info->si_syscall);
    die("escape refused: code outside the guest's segment (cs %#x, ip %#lx) caused trap %u", cs,
        ip, (unsigned)regs[REG_TRAPNO]);
}

void
trap_check_selectors(const greg_t *regs, uint16_t fs)
{
    uint16_t ds, es, gs, ss = (uint64_t)regs[REG_CSGSFS] >> 48;
    __asm__ volatile("movw %%ds, %0\n\tmovw %%es, %1\n\tmovw %%gs, %2"
                     : "=rm"(ds), "=rm"(es), "=rm"(gs));
    const struct {
        const char *name;
        uint16_t value;
    } all[] = {{"ds", ds}, {"es", es}, {"fs", fs}, {"gs", gs}, {"ss", ss}};
    for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (!segments_selector_known(all[i].value))
            die("escape refused: at %#x the guest has selector %#x in %s, a segment of the "
                "host",
                (uint32_t)regs[REG_RIP], all[i].value, all[i].name);
}

/* As after fninit, and the same for SSE. */
static void
reset_fpu(ucontext_t *context)
{
    fpregset_t fpu = context->uc_mcontext.fpregs;
    fpu->cwd = 0x37f;
    fpu->swd = 0;
    fpu->ftw = 0;
    fpu->mxcsr = 0x1f80;
}

static void
poll_devices(void)
{
    device_poll(false);
    watch_served();
}

void
trap_arrived(int signal)
{
    asynchronous(signal);
    poll_devices();
}

/* A page fault that the guest is not told of: what faulted is to be tried again. */
static bool
page_fault(regs_t regs, uint16_t *fs)
{
    uint32_t address = memory_guest_address(regs[REG_CR2]), error = regs[REG_ERR];
    if (paging_fault(address, error))
        return true;
    return paging_allows(address, error & PAGE_FAULT_WRITE) && view_page_fault(regs, fs);
}

static void
serve(int signal, const siginfo_t *info, regs_t regs, uint16_t *fs)
{
    bool fault_or_call = !asynchronous(signal);
    if (fault_or_call)
        check_origin(signal, info);
    if (signal == SIGSEGV && regs[REG_TRAPNO] == TRAP_PAGE_FAULT && page_fault(regs, fs))
        return;
    view_exit(regs, fs);
    if (!fault_or_call)
        poll_devices();
    /* Near code has no limit (segments.c), and a jump past the end of memory is a fault all the
     * same: at once or, where it hits the far view, at the next exit. */
    if ((uint32_t)regs[REG_RIP] >= memory.limit)
        reflect(regs, TRAP_PROTECTION, 0);
    else if (signal == SIGSYS)
        refused_call(regs, info);
    else if (fault_or_call)
        fault(regs, fs);
}

/* Called by trap_entry; returns the selector to load into fs, if not 0. */
uint16_t
trap_handle(int signal, siginfo_t *info, ucontext_t *context, uint16_t fs)
{
    regs_t regs = context->uc_mcontext.gregs;
    uint16_t cs = regs[REG_CSGSFS];
    if ((cs & ~VIEW_FAR) != NEAR_CS) {
        if (cs == LINUX_USER_CS && gate_defers(signal, regs, &fs))
            return fs;
        outside(signal, info, context, cs);
        return 0;
    }
    trap_check_selectors(regs, fs);
    stats.exits++;
    serve(signal, info, regs, &fs);
    interrupt_deliver(regs);
    if (starting_afresh) {
        starting_afresh = false;
        reset_fpu(context);
        return 0;
    }
    /* A hypercall may just have made the guest's TLS segment invalid; loading it would fault.
     */
    bool readable;
    __asm__("verr %1" : "=@ccz"(readable) : "r"(fs));
    return readable ? fs : 0;
}

/*
 * The gate: a way for the guest to call the launcher that is no exit. The guest makes a far jump into
 * 64-bit code, as any guest can under a 64-bit kernel (docs/launcher.md); here it is told of a place
 * to jump to, and what is there saves all of its registers, serves the hypercall and goes back. That
 * costs a twentieth of a trap with its signal.
 *
 * Only those calls are served that need no more than the registers kept here (hypercall_by_gate).
 * The guest has the address of an int $0x1f in edi: a call that was
 * served goes back behind that, every other one to it, and is an exit like any. So a guest needs not know
 * which are served, and what ends or begins the guest afresh is only ever done at exits, with
 * all signals blocked.
 *
 * In here they are not: blocking them is a system call. The launcher's own signals are marked by
 * their handler and served before the guest goes on (gate.S), and they end a HALT's sleep; a fault is what it is anywhere outside
 * of the guest's segments, the end. All of the way works on `gate_state`, which is used by one thread and
 * between two of the guest's instructions.
 *
 * Of the processor's other state, what 32-bit code can see and C code may change is kept: eight vector
 * registers and the masks of AVX-512. x87 registers are not, since this program has no code that uses
 * them (launcher.mk).
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/platform/x86.h>
#include <sys/syscall.h>
#include "launcher/device/device.h"
#include "launcher/guest.h"
#include "launcher/launcher.h"

#define HWCAP2_FSGSBASE 2
#define INT_LENGTH      2
#define INT3            0xcc

/* gate.S knows the offsets. */
struct {
    greg_t regs[NGREG];
    uint64_t frame[5]; /* for iretq: rip, cs, rflags, rsp, ss */
    uint64_t stack;
    uint64_t fs_base;
    uint32_t ss, mxcsr;
    _Atomic uint32_t deferred; /* bit n: signal n came */
    uint16_t fs;
    bool inside;       /* C code is running */
    bool fresh;        /* the guest has just called */
    uint64_t masks[8]; /* of AVX-512 */
    /* Those that 32-bit code has, and as much as this machine has of each. */
    uint8_t vectors[8][64];
    uint8_t width; /* GATE_SSE ... */
} gate_state __attribute__((aligned(64)));

#define AT(member, offset) \
    _Static_assert(offsetof(__typeof__(gate_state), member) == (offset), #member)
AT(regs, GATE_REG(0));
AT(frame, GATE_FRAME);
AT(stack, GATE_STACK);
AT(ss, GATE_SS);
AT(fs_base, GATE_FS_BASE);
AT(mxcsr, GATE_MXCSR);
AT(deferred, GATE_DEFERRED);
AT(fs, GATE_FS);
AT(inside, GATE_INSIDE);
AT(fresh, GATE_FRESH);
AT(masks, GATE_MASKS);
AT(vectors, GATE_VECTORS);
AT(width, GATE_WIDTH);
_Static_assert(ERROR_INTERRUPTED == EINTR && SYS_PPOLL == SYS_ppoll, "gate_ppoll");
_Static_assert(REG_RDI == 8 && REG_RSI == 9 && REG_RBP == 10 && REG_RBX == 11 &&
                   REG_RDX == 12 && REG_RAX == 13 && REG_RCX == 14 && REG_RSP == 15 &&
                   REG_EFL == 17,
               "the order of gate.S");

/* gate.S. */
extern const char gate_enter[], gate_own[], gate_resume[], gate_left[], gate_asleep[], gate_awake[],
    gate_landing[], gate_landing_end[];
int gate_ppoll(struct pollfd *set, unsigned n);
void gate_serve(void);

static uint32_t landing; /* 0: there is no gate */

/*
 * Two pages. Of the first only the landing's one instruction is good, and every other byte of it is
 * int3, so that a jump to anywhere else there is a trap outside of the guest. What it jumps by lies
 * in the second, which cannot be executed: an address is no instruction.
 */
static bool
make_pages(uint8_t *place)
{
    if (mmap(place, GATE_PAGES * PAGE, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != place)
        return false;
    uint64_t target = (uintptr_t)gate_enter;
    memset(place, INT3, PAGE);
    memcpy(place, gate_landing, gate_landing_end - gate_landing);
    memcpy(place + PAGE, &target, sizeof(target));
    if (mprotect(place, PAGE, PROT_READ | PROT_EXEC) != 0 ||
        mprotect(place + PAGE, PAGE, PROT_READ) != 0)
        die("cannot protect the gate's pages: %s", strerror(errno));
    return true;
}

/* What the C library may use, by what it found at its start; 0: something that gate.S does not know. */
static unsigned
vector_width(void)
{
    if (x86_cpu_active(x86_cpu_AVX512F))
        return x86_cpu_active(x86_cpu_AVX512BW) ? GATE_AVX512 : 0;
    return x86_cpu_active(x86_cpu_AVX) ? GATE_AVX : GATE_SSE;
}

void
gate_setup(void)
{
    if (options.no_gate)
        return;
    gate_state.width = vector_width();
    if (!(getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE) || !gate_state.width) {
        verbose("no gate: this machine lacks wrfsbase, or has half of AVX-512");
        return;
    }
    uint8_t *place = memory_behind();
    if (!make_pages(place)) {
        verbose("no gate: nothing can be mapped at %p: %s", place, strerror(errno));
        return;
    }
    gate_state.stack = trap_stack_top();
    landing = (uintptr_t)place;
}

uint32_t
gate_address(void)
{
    return landing;
}

static bool
is_within(uint64_t ip, const char *from, const char *to)
{
    return ip >= (uintptr_t)from && ip < (uintptr_t)to;
}

bool
gate_defers(int signal, regs_t regs, uint16_t *fs)
{
    static const uint32_t ours = 1u << SIGNAL_NUDGE | 1u << SIGNAL_TIMER | 1u << SIGALRM |
                                 1u << SIGTERM | 1u << SIGINT | 1u << SIGHUP;
    uint64_t ip = regs[REG_RIP];
    bool landed = landing && ip - landing < PAGE;
    if (!(ours >> signal & 1) || is_leaving())
        return false;
    if (!(gate_state.inside || landed || is_within(ip, gate_enter, gate_left)))
        return false;
    atomic_fetch_or(&gate_state.deferred, 1u << signal);
    if (!landed && !is_within(ip, gate_enter, gate_own))
        *fs = 0; /* loading it would take the C library's base away */
    if (is_within(ip, gate_resume, gate_left))
        regs[REG_RIP] = (uintptr_t)gate_resume;
    if (is_within(ip, gate_asleep, gate_awake)) {
        regs[REG_RIP] = (uintptr_t)gate_awake;
        regs[REG_RAX] = -EINTR;
    }
    return true;
}

bool
gate_is_inside(void)
{
    return gate_state.inside;
}

int
gate_sleep(struct pollfd *set, unsigned n)
{
    int ready = gate_ppoll(set, n);
    gate_serve_deferred();
    return ready;
}

void
gate_serve_deferred(void)
{
    uint32_t signals;
    while ((signals = atomic_exchange(&gate_state.deferred, 0)))
        for (; signals; signals &= signals - 1)
            trap_arrived(__builtin_ctz(signals));
}

/*
 * Back to the int, whose address may be anything. A far jump leaves nothing behind that says which view
 * the code was in, and needs not: any will do that has it. A far call would: but into 64-bit code it
 * pushes without the base of the stack segment, which is not the guest's stack in the far view.
 */
static void
go_back(regs_t regs)
{
    uint32_t eip = regs[REG_RDI];
    if (!memory_at(eip, INT_LENGTH))
        die("the gate was called with %#x to go back to, which is outside of memory", eip);
    regs[REG_RIP] = eip;
    regs[REG_CSGSFS] =
        (memory_is_near(eip, INT_LENGTH) ? NEAR_CS : FAR_CS) | (uint64_t)gate_state.ss << 48;
}

static void
call(regs_t regs)
{
    stats.gate++;
    go_back(regs);
    trap_check_selectors(regs, gate_state.fs);
    if (!hypercall_by_gate(regs))
        return; /* to an exit, which counts for view.c */
    view_exit(regs, &gate_state.fs);
    trace("through the gate:");
    regs[REG_RIP] += INT_LENGTH;
    hypercall(regs);
}

/* Called by gate_enter, once for the call and again for each signal that comes before it is left. */
void
gate_serve(void)
{
    regs_t regs = gate_state.regs;
    if (gate_state.fresh) {
        gate_state.fresh = false;
        call(regs);
    }
    gate_serve_deferred();
    interrupt_deliver(regs);
    uint64_t selectors = regs[REG_CSGSFS];
    gate_state.frame[0] = (uint32_t)regs[REG_RIP];
    gate_state.frame[1] = (uint16_t)selectors;
    gate_state.frame[2] = (uint32_t)regs[REG_EFL];
    gate_state.frame[3] = (uint32_t)regs[REG_RSP];
    gate_state.frame[4] = selectors >> 48;
}

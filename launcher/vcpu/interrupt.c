/*
 * Interrupts as lguest gives them: a set of pending lines, delivered by building a frame on
 * the guest's stack whenever the guest has exited anyway. Another thread that raises one has
 * to make it exit: the nudge, a signal to the vCPU thread and no more than that. HALT sleeps
 * in ppoll on the devices' descriptors with the signals let in, so that nothing is lost
 * between looking and sleeping.
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "launcher/check/check.h"
#include "launcher/device/device.h"
#include "launcher/guest.h"
#include "launcher/launcher.h"

#define EFLAGS_TF 0x100
#define EFLAGS_NT 0x4000
#define EFLAGS_RF 0x10000
#define EFLAGS_VM 0x20000

#define GATE_PRESENT   0x8000
#define GATE_INTERRUPT 0xE
#define GATE_TRAP      0xF
#define GATES          256

static struct gate gates[GATES];
static uint32_t window_start, window_end;
static uint16_t stack_selector;
static uint32_t stack_top; /* of SET_STACK; 0: none */
static _Atomic uint32_t pending;
static pid_t process, vcpu;
static timer_t timer;
static uint64_t armed_until; /* ns; when the timer will fire, 0: not armed */
static uint64_t deadline;    /* ns; when irq 0 is due, 0: never */

void
interrupt_setup(void)
{
    process = getpid();
    vcpu = syscall(SYS_gettid);
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGNAL_TIMER};
    event._sigev_un._tid = vcpu;
    if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) != 0)
        die("cannot make a timer: %s", strerror(errno));
}

void
interrupt_reset(void)
{
    memset(gates, 0, sizeof(gates));
    window_start = window_end = 0;
    stack_top = 0;
    atomic_store(&pending, 0);
    deadline = 0;
}

int
interrupt_timer_id(void)
{
    return (int)(intptr_t)timer;
}

void
interrupt_set_gate(unsigned vector, uint32_t low, uint32_t high)
{
    if (vector >= GATES)
        die("Setting IDT entry %u: there are %u", vector, GATES);
    /* The host keeps these to itself: NMI, double fault, a reserved one, the hypercall. */
    if (vector == 2 || vector == 8 || vector == 15 || vector == LGUEST_TRAP_ENTRY)
        return;
    if (!(high & GATE_PRESENT)) {
        gates[vector].type = 0;
        return;
    }
    unsigned type = high >> 8 & 0x1f;
    if (type != GATE_INTERRUPT && type != GATE_TRAP)
        die("bad IDT type %u for vector %u", type, vector);
    gates[vector] = (struct gate){
        .address = (high & 0xffff0000) | (low & 0xffff),
        .type = type,
        .dpl = high >> 13 & 3,
    };
}

struct gate
interrupt_gate(unsigned vector)
{
    return gates[vector];
}

void
interrupt_set_window(uint32_t start, uint32_t end)
{
    window_start = start;
    window_end = end;
}

void
interrupt_set_stack(uint16_t selector, uint32_t esp)
{
    stack_selector = selector;
    stack_top = esp;
}

/* Is there a page of the guest's for each of the bytes below? The original asks no more than that of
 * a frame's place, so one that is read-only takes it. */
static bool
takes_frame(uint32_t esp, uint32_t size)
{
    return paging_allows(esp - size, false) && paging_allows(esp - 1, false);
}

static void
push(regs_t regs, uint32_t value)
{
    uint32_t esp = (uint32_t)regs[REG_RSP] - sizeof(value);
    memcpy(memory_write(esp, sizeof(value)), &value, sizeof(value));
    regs[REG_RSP] = esp;
}

static void
enter(regs_t regs, struct gate gate, bool has_error, uint32_t error)
{
    uint32_t flags = (uint32_t)regs[REG_EFL] & ~LGUEST_IF;
    if (guest_data)
        flags |= guest_data->irq_enabled & LGUEST_IF;
    push(regs, flags);
    push(regs, (uint16_t)regs[REG_CSGSFS]);
    push(regs, regs[REG_RIP]);
    if (has_error)
        push(regs, error);
    regs[REG_RIP] = gate.address;
    regs[REG_EFL] &= ~(EFLAGS_TF | EFLAGS_NT | EFLAGS_RF | EFLAGS_VM);
    if (gate.type == GATE_INTERRUPT && guest_data)
        guest_data->irq_enabled = 0;
}

/*
 * A stack that has run into its guard page takes no frame, which is the end of the guest on the
 * original. Here one that has said SET_STACK is told there, with the frame below where its stack was,
 * as of a trap out of ring 3. What it gets is the page fault of pushing the frame, whatever came
 * before. It cannot go on from there.
 */
static void
enter_elsewhere(regs_t regs)
{
    struct gate fault = gates[TRAP_PAGE_FAULT];
    uint32_t esp = regs[REG_RSP];
    if (!stack_top || !takes_frame(stack_top, 6 * sizeof(esp)) || !fault.type || !guest_data)
        die("no frame fits onto the stack at %#x: esp is %#x, which is not mapped",
            (uint32_t)regs[REG_RIP], esp);
    guest_data->cr2 = esp - sizeof(esp);
    regs[REG_RSP] = stack_top;
    push(regs, stack_selector);
    push(regs, esp);
    enter(regs, fault, true, PAGE_FAULT_WRITE);
}

void
interrupt_enter(regs_t regs, struct gate gate, bool has_error, uint32_t error)
{
    uint32_t esp = regs[REG_RSP];
    if (!takes_frame(esp, (has_error ? 4 : 3) * sizeof(esp))) {
        enter_elsewhere(regs);
        return;
    }
    HOOK(rules.stack, (regs[REG_RIP], esp));
    enter(regs, gate, has_error, error);
}

void
interrupt_raise(unsigned irq)
{
    atomic_fetch_or(&pending, 1u << irq);
}

void
interrupt_nudge(void)
{
    syscall(SYS_tgkill, process, vcpu, SIGNAL_NUDGE);
}

static bool
in_window(uint32_t eip)
{
    return eip >= window_start && eip < window_end;
}

/* The lines that are pending and not blocked. */
static uint32_t
deliverable(void)
{
    return atomic_load(&pending) & ~guest_data->blocked_interrupts;
}

static void
deliver(regs_t regs, unsigned irq)
{
    struct gate gate = gates[LGUEST_IRQ_VECTOR + irq];
    clock_write(guest_data);
    if (!gate.type)
        return; /* it stays pending */
    atomic_fetch_and(&pending, ~(1u << irq));
    stats.interrupts++;
    trace("interrupt %u at %#x", irq, (uint32_t)regs[REG_RIP]);
    interrupt_enter(regs, gate, false, 0);
}

void
interrupt_deliver(regs_t regs)
{
    if (!guest_data)
        return;
    uint32_t irqs = deliverable();
    /* What the window holds back comes at the next exit; watch.c makes one after its tick. */
    if (irqs && guest_data->irq_enabled && !in_window(regs[REG_RIP]))
        deliver(regs, __builtin_ctz(irqs));
    /* What has to wait is told, so that the guest asks for it: it may make no other exit.
     * Inside the window too: its iret may return to where interrupts are off. */
    if (deliverable() && !guest_data->irq_enabled)
        guest_data->irq_pending = LGUEST_IF;
}

void
interrupt_halt(regs_t regs)
{
    stats.halts++;
    if (in_window(regs[REG_RIP]))
        HOOK(rules.halt, (regs[REG_RIP]));
    while (!deliverable() || in_window(regs[REG_RIP]))
        device_poll(true);
    guest_data->irq_enabled = LGUEST_IF;
}

static uint64_t
now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000ull + time.tv_nsec;
}

/*
 * A timer that would fire too early is left alone and set again when it has fired: guests move
 * their deadline out far more often than they let it pass.
 */
static void
arm(uint64_t when)
{
    if (armed_until && armed_until <= when)
        return;
    struct itimerspec at = {.it_value = {when / 1000000000, when % 1000000000}};
    if (syscall(SYS_timer_settime, timer, TIMER_ABSTIME, &at, NULL) != 0)
        die("cannot set the timer: %s", strerror(errno));
    armed_until = when;
}

void
interrupt_set_clockevent(uint32_t ns)
{
    deadline = ns ? now() + ns : 0;
    if (deadline)
        arm(deadline);
    if (lies.timer)
        deadline += lies.timer(ns);
}

void
interrupt_timer_expired(void)
{
    armed_until = 0;
    if (!deadline)
        return;
    if (now() < deadline) {
        arm(deadline);
        return;
    }
    deadline = 0;
    interrupt_raise(LGUEST_IRQ_TIMER);
}

bool
interrupt_terminate(void)
{
    if (!guest_data || !gates[LGUEST_IRQ_VECTOR + LGUEST_IRQ_TERMINATE].type ||
        guest_data->blocked_interrupts >> LGUEST_IRQ_TERMINATE & 1)
        return false;
    interrupt_raise(LGUEST_IRQ_TERMINATE);
    return true;
}

/*
 * Interrupts of the lguest platform (docs/lguest.md, interrupts). "cli" and "sti" are stores to
 * lguest_data.irq_enabled, which the host looks at when it has something to deliver. What it
 * may not deliver it marks in irq_pending and then says no more, so whoever enables has to
 * look there, clear the mark and ask.
 */
#include "arch/x86/lguest/lguest.h"
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/lguest/call.h"
#include "arch/x86/lguest/parts.h"
#include "kernel/kernel.h"

/* Present, 32-bit (Intel SDM vol. 3, 6.11). */
#define GATE_INTERRUPT 0x8e00u
#define GATE_TRAP      0x8f00u
#define GATE_DPL3      0x6000u /* for `int n`, which a guest executes outside of ring 0 */

/* Exceptions that the host hands on (SDM vol. 3, table 6-1): not the NMI, double faults and
 * machine checks, which are its own, and none that no CPU has. Each gate costs a hypercall. */
#define EXCEPTIONS 0x000b7cfbu
#define BREAKPOINT 3
#define OVERFLOW   4

static struct irq_line lines[LGUEST_IRQS];
static char line_names[LGUEST_IRQS][8];
static uint32_t claimed = 1u << LGUEST_IRQ_TIMER;

/* ---- on and off ---- */

bool
lguest_irq_save(void)
{
    bool on = lguest_data.irq_enabled != 0;

    lguest_data.irq_enabled = 0;
    __asm__ volatile("" : : : "memory");
    return on;
}

void
lguest_irq_restore(bool on)
{
    if (!on)
        return;
    __asm__ volatile("" : : : "memory");
    lguest_data.irq_enabled = LGUEST_IF;
    if (lguest_data.irq_pending) {
        lguest_data.irq_pending = 0;
        lguest_call(LHCALL_SEND_INTERRUPTS, 0, 0, 0);
    }
    __asm__ volatile("" : : : "memory");
}

/* HALT returns at once when something is pending, so nothing is lost between the caller's
 * look and here; it enables interrupts to deliver what woke it. */
void
lguest_halt(void)
{
    lguest_call(LHCALL_HALT, 0, 0, 0);
    lguest_irq_save();
}

/*
 * Before the iret of every trap that went through an interrupt gate: the flag in the frame is
 * what irq_enabled was. What was held back meanwhile is delivered in here, in a frame on top
 * of this one that returns with interrupts still off, so that they come one after the other
 * and not one inside the other. Each line gets its turn; a device that never stops
 * interrupting waits for the host's next occasion. An interrupt between the last look and the
 * iret adds one frame, which is why the no-interrupt window can be a single instruction.
 */
void
lguest_trap_return(struct trap_frame *frame)
{
    static volatile bool delivering;

    if (!(frame->eflags & EFLAGS_IF) || delivering)
        return;
    for (unsigned turns = 0; turns < LGUEST_IRQS; turns++) {
        delivering = true;
        lguest_irq_restore(true);
        delivering = false;
        if (lguest_data.irq_enabled)
            return;
    }
    lguest_data.irq_enabled = LGUEST_IF;
}

void
lguest_interrupt(unsigned n, struct trap_frame *frame)
{
    lguest_timer_check();
    if (n == LGUEST_IRQ_TIMER)
        lguest_timer_tick(frame->eip, frame->ebp);
    else
        irq_dispatch(&lines[n]);
}

/* ---- gates ---- */

/* The host takes its own code selector, whatever stands in the low half. */
static void
load_gate(unsigned vector, uintptr_t handler, uint32_t type)
{
    lguest_call(LHCALL_LOAD_IDT_ENTRY, vector, handler & 0xffff, (handler & 0xffff0000) | type);
}

static void
load_stub(unsigned vector, uint32_t type)
{
    load_gate(vector, (uintptr_t)trap_stubs + vector * TRAP_STUB_SIZE, type);
}

static void
load_gates(void)
{
    for (unsigned vector = 0; vector < TRAP_EXCEPTIONS; vector++)
        if (EXCEPTIONS >> vector & 1)
            load_stub(vector, vector == BREAKPOINT || vector == OVERFLOW
                                  ? GATE_INTERRUPT | GATE_DPL3
                                  : GATE_INTERRUPT);
    load_stub(LGUEST_IRQ_VECTOR + LGUEST_IRQ_TIMER, GATE_INTERRUPT);
    /* A trap gate: the CPU enters it directly, irq_enabled untouched. Behind an interrupt gate
     * the host would take the vector for one of its own interrupts and swallow it. */
    load_gate(TRAP_SYSTEM_CALL, (uintptr_t)trap_system_call_stub, GATE_TRAP | GATE_DPL3);
}

/* ---- lines ---- */

static void
line_mask(struct irq_line *line, bool on)
{
    uint32_t bit = 1u << (line - lines);

    if (on)
        lguest_data.blocked_interrupts |= bit;
    else
        lguest_data.blocked_interrupts &= ~bit;
}

/* Ringlet's launcher passes its SIGTERM on like this; no other host has the line but for a
 * device. */
static void
asked_to_end(void *unused)
{
    (void)unused;
    kernel_ask_end();
}

static struct irq_action terminate = {.handler = asked_to_end};

int
lguest_irq_claim(unsigned irq, struct irq_line **out)
{
    if (irq == LGUEST_IRQ_TIMER || irq >= LGUEST_IRQS)
        return -EINVAL;
    if (claimed >> irq & 1)
        return -EBUSY;
    if (irq == LGUEST_IRQ_TERMINATE)
        irq_detach(&lines[irq], &terminate);
    claimed |= 1u << irq;
    load_stub(LGUEST_IRQ_VECTOR + irq, GATE_INTERRUPT);
    *out = &lines[irq];
    return 0;
}

void
lguest_irq_release(struct irq_line *line)
{
    claimed &= ~(1u << (line - lines));
}

void
lguest_irq_init(void)
{
    for (unsigned irq = 0; irq < LGUEST_IRQS; irq++) {
        ksnprintf(line_names[irq], sizeof(line_names[irq]), "irq %u", irq);
        lines[irq].name = line_names[irq];
        lines[irq].mask = line_mask;
    }
    lguest_data.blocked_interrupts = ~(1u << LGUEST_IRQ_TIMER);
    load_gates();
    load_stub(LGUEST_IRQ_VECTOR + LGUEST_IRQ_TERMINATE, GATE_INTERRUPT);
    irq_attach(&lines[LGUEST_IRQ_TERMINATE], &terminate);
}

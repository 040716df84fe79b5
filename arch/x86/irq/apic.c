/*
 * The local APIC in its memory-mapped form (Intel SDM vol. 3, chapter 11). Sections named here
 * are of that volume.
 */
#include "arch/x86/irq/apic.h"
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/io.h"
#include "arch/x86/irq/pic.h"
#include "kernel/kernel.h"

#define REG_ID            0x020
#define REG_TASK_PRIORITY 0x080
#define REG_EOI           0x0b0
#define REG_SPURIOUS      0x0f0
#define REG_LVT_TIMER     0x320
#define REG_LVT_LINT0     0x350
#define REG_LVT_LINT1     0x360
#define REG_LVT_ERROR     0x370
#define REG_TIMER_INITIAL 0x380
#define REG_TIMER_CURRENT 0x390
#define REG_TIMER_DIVIDE  0x3e0
#define REGISTERS_SIZE    0x400

#define BASE_ENABLED (1u << 11) /* of the MSR */
#define BASE_X2APIC  (1u << 10)
#define BASE_ADDRESS 0xffffff000ull

#define SPURIOUS_ENABLE   0x100
#define LVT_NMI           0x00400
#define LVT_EXTINT        0x00700
#define LVT_MASKED        0x10000
#define LVT_TSC_DEADLINE  0x40000
#define TIMER_DIVIDE_BY16 0x3

/* The highest numbers are the APIC's own. Some CPUs fix the low four bits of the spurious
 * vector to ones (11.9). */
#define INTERRUPT_SPURIOUS (TRAP_INTERRUPTS - 1)
#define INTERRUPT_TIMER    (TRAP_INTERRUPTS - 2)
#define INTERRUPT_FIRST    PIC_LINES

_Static_assert(((TRAP_EXCEPTIONS + INTERRUPT_SPURIOUS) & 15) == 15, "the spurious vector");

static volatile char *registers; /* NULL: no local APIC */
static struct irq_line *lines[INTERRUPT_TIMER - INTERRUPT_FIRST];
static void (*timer_handler)(const struct trap_frame *frame);

static uint32_t
reg_read(unsigned offset)
{
    return mmio_read32(registers + offset);
}

static void
reg_write(unsigned offset, uint32_t value)
{
    mmio_write32(registers + offset, value);
}

/* Switched on by software (11.4.7.2). As the CPU starts it is off and the 8259s' interrupts
 * pass it by; once it is on they only come in as its LINT0 says, so that is made "external"
 * (11.5.1). Firmware that switched it on has made that choice, which may also be another. */
static void
switch_on(void)
{
    bool was_on = reg_read(REG_SPURIOUS) & SPURIOUS_ENABLE;

    reg_write(REG_SPURIOUS, SPURIOUS_ENABLE | (TRAP_EXCEPTIONS + INTERRUPT_SPURIOUS));
    reg_write(REG_TASK_PRIORITY, 0);
    reg_write(REG_LVT_TIMER, LVT_MASKED);
    reg_write(REG_LVT_ERROR, LVT_MASKED);
    if (was_on)
        return;
    reg_write(REG_LVT_LINT0, LVT_EXTINT);
    reg_write(REG_LVT_LINT1, LVT_NMI);
}

int
apic_init(void)
{
    if (!(cpu_id(1).edx & CPUID_1_EDX_APIC))
        return -ENODEV;
    uint64_t base = cpu_msr(MSR_APIC_BASE);
    if (!(base & BASE_ENABLED) || (base & BASE_X2APIC))
        return -ENODEV;
    registers = platform->map_device(base & BASE_ADDRESS, REGISTERS_SIZE);
    if (!registers)
        return -ENODEV;
    switch_on();
    return 0;
}

bool
apic_present(void)
{
    return registers;
}

int
apic_claim(struct irq_line *line)
{
    if (!registers)
        return -ENODEV;
    for (unsigned i = 0; i < ARRAY_SIZE(lines); i++) {
        if (lines[i])
            continue;
        lines[i] = line;
        return (int)(INTERRUPT_FIRST + i);
    }
    return -ENOSPC;
}

uint8_t
apic_id(void)
{
    return reg_read(REG_ID) >> 24;
}

uint32_t
apic_message_address(void)
{
    return 0xfee00000 | (uint32_t)apic_id() << 12;
}

void
apic_interrupt(unsigned n, struct trap_frame *frame)
{
    if (n == INTERRUPT_SPURIOUS || !registers)
        return; /* not in service, so there is nothing to end (11.9) */
    if (n == INTERRUPT_TIMER)
        timer_handler(frame);
    else if (lines[n - INTERRUPT_FIRST])
        irq_dispatch(lines[n - INTERRUPT_FIRST]);
    /* Only now: a level-triggered line is quiet once its handlers have acknowledged. */
    reg_write(REG_EOI, 0);
}

void
apic_timer_attach(void (*handler)(const struct trap_frame *frame), bool tsc_deadline)
{
    timer_handler = handler;
    reg_write(REG_TIMER_DIVIDE, TIMER_DIVIDE_BY16);
    reg_write(REG_LVT_TIMER,
              (TRAP_EXCEPTIONS + INTERRUPT_TIMER) | (tsc_deadline ? LVT_TSC_DEADLINE : 0));
}

void
apic_timer_load(uint32_t count)
{
    reg_write(REG_TIMER_INITIAL, count);
}

uint32_t
apic_timer_left(void)
{
    return reg_read(REG_TIMER_CURRENT);
}

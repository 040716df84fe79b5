/*
 * Descriptor tables. Flat code and data, so that virtual is physical; one entry for the C
 * library's thread pointer; and two tasks. The tasks exist for one case: a stack overflow
 * into a guard page leaves the CPU no room to push the fault's frame, which is a double fault
 * (Intel SDM vol. 3, 6.15, interrupt 8), and only a task gate reports it on a stack that is
 * known to be good.
 */
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/fault.h"
#include "arch/x86/cpu/segments.h"
#include "arch/x86/cpu/trap.h"
#include "kernel/thread.h"

#define GDT_ENTRIES (SELECTOR_GS / 8 + 1)

/* Access bytes and flags (SDM vol. 3, 3.4.5, 3.5 and 8.2.2). */
#define ACCESS_CODE  0x9a /* present, DPL 0, code, readable */
#define ACCESS_DATA  0x92 /* present, DPL 0, data, writable */
#define ACCESS_DATA3 0xf2 /* the same with DPL 3 */
#define ACCESS_TASK  0x89 /* present, 32-bit TSS, available */
#define FLAGS_FLAT   0xc0 /* limit in pages, 32-bit */
#define LIMIT_FLAT   0xfffff

#define GATE_INTERRUPT 0x8e00 /* present, DPL 0, clears IF */
#define GATE_TRAP3     0xef00 /* present, DPL 3, leaves IF alone */
#define GATE_TASK      0x8500

#define EFLAGS_FIXED 0x2 /* bit 1 always reads as 1 */

struct descriptor {
    uint32_t low, high;
};

struct table_register {
    uint16_t limit;
    uint32_t base;
} __attribute__((packed));

/* SDM vol. 3, 8.2.1. */
struct task_state {
    uint32_t link, esp0, ss0, esp1, ss1, esp2, ss2;
    uint32_t cr3, eip, eflags;
    uint32_t eax, ecx, edx, ebx, esp, ebp, esi, edi;
    uint32_t es, cs, ss, ds, fs, gs, ldt;
    uint16_t debug_trap, io_map;
};

static struct descriptor gdt[GDT_ENTRIES];
static struct descriptor idt[TRAP_SYSTEM_CALL + 1];
static struct task_state running; /* where the CPU saves what a double fault interrupted */
static struct task_state double_fault = {
    .eflags = EFLAGS_FIXED,
    .es = SELECTOR_DATA,
    .cs = SELECTOR_CODE,
    .ss = SELECTOR_DATA,
    .ds = SELECTOR_DATA,
    .io_map = sizeof(struct task_state),
};
static char double_fault_stack[1024] __attribute__((aligned(16)));

static struct descriptor
segment(uint32_t base, uint32_t limit, uint8_t access, uint8_t flags)
{
    return (struct descriptor){
        .low = base << 16 | (limit & 0xffff),
        .high = (base & 0xff000000) | (uint32_t)flags << 16 | (limit & 0xf0000) |
                (uint32_t)access << 8 | (base >> 16 & 0xff),
    };
}

static struct descriptor
gate(uint16_t selector, uintptr_t offset, uint16_t type)
{
    return (struct descriptor){
        .low = (uint32_t)selector << 16 | (offset & 0xffff),
        .high = (offset & 0xffff0000) | type,
    };
}

/* The double fault task starts here; it never returns to what it interrupted. */
static _Noreturn void
double_fault_entry(void)
{
    struct trap_frame frame = {
        .edi = running.edi,
        .esi = running.esi,
        .ebp = running.ebp,
        .ebx = running.ebx,
        .edx = running.edx,
        .ecx = running.ecx,
        .eax = running.eax,
        .vector = TRAP_DOUBLE_FAULT,
        .eip = running.eip,
        .cs = running.cs,
        .eflags = running.eflags,
    };
    fault_report(&frame, running.esp, cpu_cr2());
}

static void
fill_gdt(void)
{
    gdt[SELECTOR_CODE / 8] = segment(0, LIMIT_FLAT, ACCESS_CODE, FLAGS_FLAT);
    gdt[SELECTOR_DATA / 8] = segment(0, LIMIT_FLAT, ACCESS_DATA, FLAGS_FLAT);
    gdt[SELECTOR_TASK / 8] = segment((uintptr_t)&running, sizeof(running) - 1, ACCESS_TASK, 0);
    gdt[SELECTOR_DOUBLE_FAULT / 8] =
        segment((uintptr_t)&double_fault, sizeof(double_fault) - 1, ACCESS_TASK, 0);
    gdt[SELECTOR_GS / 8] = segment((uintptr_t)&gs_window, LIMIT_FLAT, ACCESS_DATA3, FLAGS_FLAT);
}

static void
fill_idt(void)
{
    for (unsigned v = 0; v < TRAP_STUBS; v++)
        idt[v] =
            gate(SELECTOR_CODE, (uintptr_t)trap_stubs + v * TRAP_STUB_SIZE, GATE_INTERRUPT);
    idt[TRAP_DOUBLE_FAULT] = gate(SELECTOR_DOUBLE_FAULT, 0, GATE_TASK);
    idt[TRAP_SYSTEM_CALL] = gate(SELECTOR_CODE, (uintptr_t)trap_system_call_stub, GATE_TRAP3);
}

void
segments_init(void)
{
    const struct table_register gdtr = {sizeof(gdt) - 1, (uintptr_t)gdt};
    const struct table_register idtr = {sizeof(idt) - 1, (uintptr_t)idt};

    fill_gdt();
    fill_idt();
    double_fault.eip = (uintptr_t)double_fault_entry;
    /* As after a call: the stack is 16-byte aligned above the return address that is not. */
    double_fault.esp = (uintptr_t)double_fault_stack + sizeof(double_fault_stack) - 4;
    running.io_map = sizeof(running);

    __asm__ volatile("lgdt %0\n\t"
                     "ljmp %1, $1f\n"
                     "1:\n\t"
                     "movl %2, %%ds\n\t"
                     "movl %2, %%es\n\t"
                     "movl %2, %%ss\n\t"
                     "movl %3, %%fs\n\t"
                     "movl %4, %%gs\n\t"
                     "lidt %5\n\t"
                     "ltr %w6"
                     :
                     : "m"(gdtr), "i"(SELECTOR_CODE), "r"(SELECTOR_DATA), "r"(0),
                       "r"(SELECTOR_GS), "m"(idtr), "r"(SELECTOR_TASK)
                     : "memory");
}

void
segments_set_cr3(uint32_t cr3)
{
    double_fault.cr3 = cr3;
}

void
segments_set_gs_base(uintptr_t base)
{
    gdt[SELECTOR_GS / 8] = segment(base, LIMIT_FLAT, ACCESS_DATA3, FLAGS_FLAT);
    cpu_set_gs(SELECTOR_GS);
}

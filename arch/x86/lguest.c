/*
 * The lguest platform: a guest in ring 1 (ring 3 under Ringlet's launcher) that asks its host
 * by hypercall for what a PC does by instruction. docs/lguest.md explains the interface; the
 * rules that shaped this file:
 *
 *   - "cli" and "sti" are stores to lguest_data.irq_enabled. Whoever enables looks at
 *     irq_pending afterwards, clears it and asks for delivery, since the host never asks twice.
 *   - Selectors are the host's business: whatever is found at entry is kept.
 *   - There is no paging to change, so no guard pages: protect() says so.
 */
#include "arch/x86/lguest.h"
#include "arch/x86/cpu.h"
#include "arch/x86/lguest_call.h"
#include "arch/x86/lguest_time.h"
#include "arch/x86/trap.h"
#include "kernel/boot_info.h"
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/string.h"

#define PCI_ADDRESS_PORT 0xcf8
#define GATE_INTERRUPT   0x8e00u /* present, DPL 0, 32-bit interrupt gate */
#define GATE_TRAP        0x8f00u
#define GATE_DPL3        0x6000u

volatile struct lguest_data lguest_data;

static uint32_t ram_end;
static struct irq_line lines[LGUEST_IRQS];
static char line_names[LGUEST_IRQS][12];
static uint32_t claimed = 1u << LGUEST_IRQ_TIMER;

uintptr_t
lguest_device_page(void)
{
    return ram_end;
}

void
lguest_notify(uintptr_t phys)
{
    lguest_call(LHCALL_NOTIFY, phys, 0, 0);
}

/* ---- the end ---- */

static _Noreturn void
shut_down(const char *text, uint32_t reason)
{
    static char kept[LGUEST_SHUTDOWN_TEXT]; /* the host reads this many bytes */

    ksnprintf(kept, sizeof(kept), "%s", text);
    lguest_call(LHCALL_SHUTDOWN, (uintptr_t)kept, reason, 0);
    for (;;)
        lguest_call(LHCALL_HALT, 0, 0, 0);
}

/* Ringlet's launcher makes the status of its process of this text; the original prints it. */
static _Noreturn void
lguest_exit(int code)
{
    char text[16];

    ksnprintf(text, sizeof(text), "exit %d", code);
    shut_down(text, LGUEST_SHUTDOWN_POWEROFF);
}

static _Noreturn void
lguest_restart(void)
{
    shut_down("restart", LGUEST_SHUTDOWN_RESTART);
}

/* ---- interrupts ---- */

static bool
lguest_irq_save(void)
{
    bool on = lguest_data.irq_enabled != 0;

    lguest_data.irq_enabled = 0;
    __asm__ volatile("" : : : "memory");
    return on;
}

static void
lguest_irq_restore(bool on)
{
    if (!on)
        return;
    __asm__ volatile("" : : : "memory");
    lguest_data.irq_enabled = LGUEST_IF;
    __asm__ volatile("" : : : "memory");
    if (lguest_data.irq_pending) {
        lguest_data.irq_pending = 0;
        lguest_call(LHCALL_SEND_INTERRUPTS, 0, 0, 0);
    }
}

/* HALT returns at once when something is pending, so nothing is lost between the caller's
 * look and here; it enables interrupts to deliver what woke it. */
static void
lguest_halt(void)
{
    lguest_call(LHCALL_HALT, 0, 0, 0);
    lguest_data.irq_enabled = 0;
    __asm__ volatile("" : : : "memory");
}

/*
 * Before the iret of every trap that went through an interrupt gate: the flag in the frame is
 * what irq_enabled was. What was held back meanwhile nests here, one frame, and not between
 * the store and the iret, which is why the no-interrupt window can be a single instruction.
 */
static void
lguest_trap_return(struct trap_frame *frame)
{
    lguest_irq_restore(frame->eflags & EFLAGS_IF);
}

static void
line_mask(struct irq_line *line, bool on)
{
    uint32_t bit = 1u << (line - lines);

    if (on)
        lguest_data.blocked_interrupts |= bit;
    else
        lguest_data.blocked_interrupts &= ~bit;
}

int
lguest_irq_claim(unsigned irq, struct irq_line **out)
{
    if (irq == LGUEST_IRQ_TIMER || irq >= LGUEST_IRQS)
        return -EINVAL;
    if (claimed >> irq & 1)
        return -EBUSY;
    claimed |= 1u << irq;
    *out = &lines[irq];
    return 0;
}

void
lguest_irq_release(struct irq_line *line)
{
    claimed &= ~(1u << (line - lines));
}

static void
lguest_interrupt(unsigned n, struct trap_frame *frame)
{
    if (n == LGUEST_IRQ_TIMER)
        lguest_timer_tick(frame->eip, frame->ebp);
    else
        irq_dispatch(&lines[n]);
}

/* ---- bringing it up ---- */

static void
load_gate(unsigned vector, uintptr_t handler, uint32_t type)
{
    lguest_call(LHCALL_LOAD_IDT_ENTRY, vector, handler & 0xffff, (handler & 0xffff0000) | type);
}

static void
load_gates(void)
{
    for (unsigned vector = 0; vector < TRAP_EXCEPTIONS + LGUEST_IRQS; vector++)
        load_gate(vector, (uintptr_t)trap_stubs + vector * TRAP_STUB_SIZE, GATE_INTERRUPT);
    /* A trap gate that any ring may use: the CPU enters it directly, irq_enabled untouched. */
    load_gate(TRAP_SYSTEM_CALL, (uintptr_t)trap_system_call_stub, GATE_TRAP | GATE_DPL3);
}

static void
lguest_set_gs_base(uintptr_t base)
{
    uint32_t low = base << 16 | 0xffff;
    uint32_t high = (base & 0xff000000) | 0x00cff300 | (base >> 16 & 0xff);

    lguest_call(LHCALL_LOAD_GDT_ENTRY, LGUEST_GDT_TLS, low, high);
    /* RPL 3, as the C library loads it. */
    __asm__ volatile("movl %0, %%gs" : : "r"(LGUEST_GDT_TLS << 3 | 3) : "memory");
}

static void
lguest_init(void)
{
    trap_interrupt = lguest_interrupt;
    trap_return = lguest_trap_return;
    trap_fault_address = &lguest_data.cr2;
    for (unsigned irq = 0; irq < LGUEST_IRQS; irq++) {
        ksnprintf(line_names[irq], sizeof(line_names[irq]), "irq %u", irq);
        lines[irq].name = line_names[irq];
        lines[irq].mask = line_mask;
    }
    lguest_data.blocked_interrupts = ~(1u << LGUEST_IRQ_TIMER);
    load_gates();
    lguest_set_gs_base((uintptr_t)&gs_window);
    __asm__ volatile("fninit");
}

/* Linux 4.x keeps the calls but moves the devices to an emulated PCI bus, whose address port
 * reads back; the hosts we serve have no ports at all, and every read is all ones. */
static bool
host_has_device_page(void)
{
    uint32_t value = 0x80000000;

    __asm__ volatile("outl %0, %w1; inl %w1, %0" : "+a"(value) : "d"(PCI_ADDRESS_PORT));
    return value == 0xffffffff;
}

void
lguest_enter(uint32_t ram_top)
{
    extern const char trap_iret[];

    ram_end = ram_top;
    memset((void *)lguest_data.hcall_status, LGUEST_ASYNC_FREE, LGUEST_ASYNC_SLOTS);
    /* One filling for three layouts (docs/lguest.md): the no-interrupt window is the iret, and
     * 0x80 lies wherever a host looks for the system call vector. */
    lguest_data.tail[0] = (uintptr_t)trap_iret;
    lguest_data.tail[1] = (uintptr_t)trap_iret + 1;
    lguest_data.tail[2] = lguest_data.tail[3] = lguest_data.tail[4] = TRAP_SYSTEM_CALL;
    lguest_call(LHCALL_LGUEST_INIT, (uintptr_t)&lguest_data, 0, 0);
    lguest_time_init();
    if (!host_has_device_page())
        shut_down("this host's device interface is not supported: Linux 2.6.32 to 3.19, or "
                  "Ringlet's launcher",
                  LGUEST_SHUTDOWN_POWEROFF);
}

/* ---- the table ---- */

/* NOTIFY of an ordinary address prints the string there. */
static void
lguest_early_write(const char *text, size_t len)
{
    static char buffer[128];

    while (len) {
        size_t n = MIN(len, sizeof(buffer) - 1);
        memcpy(buffer, text, n);
        buffer[n] = '\0';
        lguest_notify((uintptr_t)buffer);
        text += n;
        len -= n;
    }
}

/* Its output is the fallback of kernel/device_console.c anyway, and it has no input. */
static void
lguest_early_console(void)
{
}

static int
lguest_protect(void *base, size_t len, enum page_prot prot)
{
    (void)base, (void)len, (void)prot;
    return -ENOTSUP;
}

/* The device pages lie behind RAM and are mapped like it from the start. */
static void *
lguest_map_device(uint64_t phys, size_t len)
{
    uint64_t area = LGUEST_DEVICE_PAGES * (uint64_t)PAGE_SIZE;

    if (phys < ram_end || phys - ram_end > area || len > area - (phys - ram_end))
        return NULL;
    return (void *)(uintptr_t)phys;
}

ENLIST_DECLARE(buses);

static void
lguest_discover(void)
{
    ENLIST_FOREACH(buses, const struct bus, bus)
    bus->scan();
}

const struct platform lguest_platform = {
    .name = "lguest",
    .init = lguest_init,
    .early_write = lguest_early_write,
    .early_console = lguest_early_console,
    .irq_save = lguest_irq_save,
    .irq_restore = lguest_irq_restore,
    .halt = lguest_halt,
    .clock = lguest_clock,
    .wall_base = lguest_wall_base,
    .timer_arm = lguest_timer_arm,
    .protect = lguest_protect,
    .map_device = lguest_map_device,
    .set_gs_base = lguest_set_gs_base,
    .discover = lguest_discover,
    .exit = lguest_exit,
    .restart = lguest_restart,
};

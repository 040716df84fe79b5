/*
 * The lguest platform: a guest in ring 1 (ring 3 under Ringlet's launcher) that asks its host
 * by hypercall for what a PC does by instruction. docs/lguest.md explains the interface.
 * Selectors are the host's business, so whatever was found at entry is kept.
 */
#include "arch/x86/lguest/lguest.h"
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/io.h"
#include "arch/x86/lguest/call.h"
#include "arch/x86/lguest/parts.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/string.h"
#include "kernel/thread.h"

/* PCI configuration mechanism #1, as in arch/x86/pci/pci.c. */
#define PCI_ADDRESS_PORT 0xcf8
#define PCI_ENABLE       0x80000000u

/* A flat data segment of DPL 3, present and accessed (Intel SDM vol. 3, 3.4.5), but for its
 * base. */
#define TLS_LOW  0x0000ffffu
#define TLS_HIGH 0x00cff300u
/* RPL 3, as the C library loads it. */
#define TLS_SELECTOR (LGUEST_GDT_TLS << 3 | 3)

volatile struct lguest_data lguest_data;
uint32_t lguest_gate[2];

static uint32_t ram_end;

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

/* Once is all there is: a host that goes on nevertheless gets nothing more to do. */
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

/* The host itself prints the text, whatever is left of the guest. */
static _Noreturn void
lguest_crash(const char *text)
{
    shut_down(text, LGUEST_SHUTDOWN_POWEROFF);
}

static _Noreturn void
lguest_restart(void)
{
    shut_down("restart", LGUEST_SHUTDOWN_RESTART);
}

/* ---- bringing it up ---- */

static void
lguest_set_gs_base(uintptr_t base)
{
    lguest_call(LHCALL_LOAD_GDT_ENTRY, LGUEST_GDT_TLS, (uint32_t)base << 16 | TLS_LOW,
                (base & 0xff000000) | TLS_HIGH | (base >> 16 & 0xff));
    cpu_set_gs(TLS_SELECTOR);
}

static void
lguest_init(void)
{
    static uint32_t spare_stack[256];
    uint32_t ss;

    trap_interrupt = lguest_interrupt;
    trap_return = lguest_trap_return;
    trap_fault_address = &lguest_data.cr2;
    lguest_irq_init();
    lguest_set_gs_base((uintptr_t)&gs_window);
    cpu_fpu_found();
    lguest_paging_init();
    __asm__("movl %%ss, %0" : "=r"(ss));
    trap_spare_stack = (uintptr_t)&spare_stack[ARRAY_SIZE(spare_stack) - 2];
    lguest_call(LHCALL_SET_STACK, ss, (uintptr_t)(spare_stack + ARRAY_SIZE(spare_stack)), 1);
}

/* Linux 4.x keeps the calls but moves the devices to an emulated PCI bus, whose address port
 * reads back; the hosts we serve have no ports at all, and every read is all ones. */
static bool
host_has_device_page(void)
{
    io_out32(PCI_ADDRESS_PORT, PCI_ENABLE);
    return io_in32(PCI_ADDRESS_PORT) == 0xffffffff;
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
    lguest_data.tail[2] = lguest_data.tail[3] = lguest_data.tail[4] = LGUEST_SYSCALL_VECTOR;
    lguest_call(LHCALL_LGUEST_INIT, (uintptr_t)&lguest_data, 0, 0);
    lguest_time_init();
    if (!host_has_device_page())
        shut_down("this host's device interface is not supported: Linux 2.6.32 to 3.19, or "
                  "Ringlet's launcher",
                  LGUEST_SHUTDOWN_POWEROFF);
}

/* ---- the table ---- */

/* NOTIFY of an ordinary address prints the string there. The host's terminal may be raw. */
static void
lguest_early_write(const char *text, size_t len)
{
    static char buffer[128];
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n')
            buffer[n++] = '\r';
        if (text[i])
            buffer[n++] = text[i];
        if (n < sizeof(buffer) - 2 && i + 1 < len)
            continue;
        buffer[n] = '\0';
        lguest_notify((uintptr_t)buffer);
        n = 0;
    }
}

/* Its output is the fallback of kernel/device_console.c anyway, and it has no input. */
static void
lguest_early_console(void)
{
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
    .exit = lguest_exit,
    .crash = lguest_crash,
    .restart = lguest_restart,
};

/*
 * The PC as a platform: the order in which its parts start, the ways to leave it, and the
 * table that the kernel knows it by. What a part does is in the part's own file.
 */
#include "arch/x86/pc/pc.h"
#include "arch/x86/firmware/acpi.h"
#include "arch/x86/time/clock.h"
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/io.h"
#include "arch/x86/irq/lines.h"
#include "arch/x86/firmware/madt.h"
#include "arch/x86/firmware/mptable.h"
#include "arch/x86/cpu/paging.h"
#include "arch/x86/firmware/power.h"
#include "arch/x86/time/rtc.h"
#include "arch/x86/cpu/segments.h"
#include "arch/x86/pc/serial.h"
#include "arch/x86/time/timer.h"
#include "kernel/boot_info.h"
#include "kernel/kernel.h"
#include "kernel/string.h"

/* QEMU's isa-debug-exit at its default port: the process ends with (value << 1 | 1). */
#define DEBUG_EXIT_PORT 0x501
#define DEBUG_EXIT_MAX  127

#define KEYBOARD_COMMAND    0x64
#define KEYBOARD_STATUS     0x64
#define KEYBOARD_INPUT_FULL 0x02
#define KEYBOARD_RESET      0xfe
#define KEYBOARD_POLLS      100000

static void
find_controllers(struct madt *out)
{
    const struct acpi_table *table = acpi_find("APIC", sizeof(*table));

    if (table)
        madt_parse(table, table->length, out);
    else
        mptable_read(out);
}

/* What is wanted of the firmware's tables is taken before paging puts them out of reach. */
static void
pc_init(void)
{
    struct madt madt;

    acpi_init();
    clock_init();
    power_init();
    find_controllers(&madt);
    segments_init();
    cpu_fpu_init();
    if (paging_init()) {
        log_error("%s cannot start: not enough memory for page tables", image_name);
        kernel_exit(EXIT_NO_START);
    }
    lines_init(&madt);
    timer_chip_init();
}

static bool
pc_irq_save(void)
{
    bool on = cpu_flags() & EFLAGS_IF;

    cpu_irq_off();
    return on;
}

static void
pc_irq_restore(bool on)
{
    if (on)
        cpu_irq_on();
}

/* The instruction after sti still runs with interrupts off, so none can slip in between and
 * leave hlt waiting for the next one (Intel SDM vol. 2, STI). */
static void
pc_halt(void)
{
    if (power_idle())
        return;
    __asm__ volatile("sti; hlt; cli" : : : "memory");
}

/* Asked of the slow real-time clock once, by the first who wants to know. */
static uint64_t
pc_wall_base(void)
{
    static bool asked;
    static uint64_t wall_base;
    uint64_t seconds;

    if (asked)
        return wall_base;
    asked = true;
    int error = rtc_read(&seconds);
    if (error) {
        log_warn("real-time clock: no usable date (error %d); the time starts in 1970", error);
        return 0;
    }
    wall_base = seconds * NSEC_PER_SEC - clock_read();
    return wall_base;
}

static _Noreturn void
stop_for_ever(void)
{
    for (;;)
        __asm__ volatile("cli; hlt");
}

static _Noreturn void
pc_exit(int code)
{
    static const char farewell[] = "It is now safe to switch off the machine.\n";

    cpu_irq_off();
    io_out8(DEBUG_EXIT_PORT, (uint8_t)MIN(code, DEBUG_EXIT_MAX));
    paging_off();
    power_off();
    serial_early_write(farewell, sizeof(farewell) - 1);
    stop_for_ever();
}

static _Noreturn void
pc_crash(const char *text)
{
    serial_early_write(text, strlen(text));
    serial_early_write("\n", 1);
    pc_exit(EXIT_PANIC);
}

/* A fault without a table of handlers resets the CPU (SDM vol. 3, 6.15, interrupt 8). */
static void
triple_fault(void)
{
    static const struct {
        uint16_t limit;
        uint32_t base;
    } __attribute__((packed)) no_table = {0, 0};

    __asm__ volatile("lidt %0; int3" : : "m"(no_table));
}

static void
keyboard_reset(void)
{
    for (unsigned i = 0; i < KEYBOARD_POLLS; i++)
        if (!(io_in8(KEYBOARD_STATUS) & KEYBOARD_INPUT_FULL))
            break;
    io_out8(KEYBOARD_COMMAND, KEYBOARD_RESET);
    for (unsigned i = 0; i < KEYBOARD_POLLS; i++)
        io_in8(KEYBOARD_STATUS); /* the reset is not immediate */
}

static _Noreturn void
pc_restart(void)
{
    cpu_irq_off();
    paging_off();
    power_reset();
    keyboard_reset();
    triple_fault();
    stop_for_ever();
}

const struct platform pc_platform = {
    .name = "pc",
    .init = pc_init,
    .early_write = serial_early_write,
    .early_console = serial_early_console,
    .irq_save = pc_irq_save,
    .irq_restore = pc_irq_restore,
    .halt = pc_halt,
    .clock = clock_read,
    .wall_base = pc_wall_base,
    .timer_arm = timer_chip_arm,
    .protect = paging_protect,
    .map_device = paging_map_device,
    .set_gs_base = segments_set_gs_base,
    .exit = pc_exit,
    .crash = pc_crash,
    .restart = pc_restart,
};

/*
 * Which door the image came in by, and filling boot_info for all of them.
 */
#include "abi/multiboot.h"
#include "abi/pvh.h"
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/pc/pc.h"
#include "boot/boot.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"

struct boot_info boot_info;
char boot_cmdline[BOOT_CMDLINE_MAX] __attribute__((section(".noinit")));

void
boot_add_range(uint64_t base, uint64_t size, enum boot_memory type)
{
    if (boot_info.nr_ranges == BOOT_MAX_RANGES || size == 0 || base + size < base)
        return;
    boot_info.ranges[boot_info.nr_ranges++] =
        (struct boot_range){.base = base, .size = size, .type = type};
}

void
boot_add_module(uint64_t base, uint64_t size)
{
    if (boot_info.nr_modules == BOOT_MAX_MODULES || size == 0 || base + size < base)
        return;
    boot_info.modules[boot_info.nr_modules++] = (struct boot_module){base, size};
}

void
boot_set_cmdline(const char *text)
{
    size_t len = 0;

    for (; len < BOOT_CMDLINE_MAX - 1u && text[len]; len++)
        boot_cmdline[len] = text[len];
    boot_cmdline[len] = '\0';
    boot_info.cmdline_cut = text[len] != '\0';
}

/*
 * Everything is compiled for the i686, but for what has run when this is asked and what is called
 * here: those are among the Makefile's COLD_SRC.
 */
static void
check_cpu(void)
{
    static const char text[] = "error: this CPU is older than an i686, which the image is for\n"
                               "exit: 121\n";

    if (boot_info.entry_tsc && cpu_id(1).edx & CPUID_1_EDX_CMOV)
        return;
    platform->early_write(text, sizeof(text) - 1);
    _Static_assert(EXIT_NO_START == 121, "the text has it, too");
    platform->exit(EXIT_NO_START);
}

/* From entry.S, with the registers that tell the doors apart. */
_Noreturn void
boot_enter(uint32_t eax, uint32_t ebx, uint32_t esp, uint64_t tsc)
{
    boot_info.entry_tsc = tsc;
    boot_cmdline[0] = '\0';
    platform = &pc_platform; /* unless a reader knows better */
    boot_info.door = "unknown";
    if (eax == MULTIBOOT_LOADER_MAGIC)
        multiboot_read((const struct multiboot_info *)ebx);
    else if (eax == PVH_START_MAGIC)
        pvh_read((const struct pvh_start_info *)ebx);
    else if (eax == 0 && esp == 0)
        lguest_read();
    check_cpu();
    kmain();
}

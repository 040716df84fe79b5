/*
 * From boot_params to boot_info, under lguest (docs/lguest.md, start state): the page at
 * physical 0 holds the memory map, the initrd and a pointer to the command line. The host is
 * trusted to describe memory, but counts and addresses are bounded by the RAM it describes.
 */
#include "abi/lguest.h"
#include "arch/x86/lguest/lguest.h"
#include "boot/boot.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"

/* A word of boot_params. Address 0 is an ordinary one here, which a compiler must not learn. */
static uint32_t
param(uint32_t offset)
{
    uintptr_t base = 0;

    __asm__("" : "+r"(base));
    return *(const uint32_t *)(base + offset);
}

void
lguest_read(void)
{
    uint32_t ram_top = param(BOOT_PARAMS_E820 + 8);
    uint32_t initrd = param(BOOT_PARAMS_INITRD_ADDRESS), size = param(BOOT_PARAMS_INITRD_SIZE);
    uint32_t cmdline = param(BOOT_PARAMS_COMMAND_LINE);

    if (param(BOOT_PARAMS_SUBARCH) != BOOT_PARAMS_SUBARCH_LGUEST ||
        (uint8_t)param(BOOT_PARAMS_E820_ENTRIES) == 0)
        return;
    platform = &lguest_platform;
    boot_info.door = "lguest";
    lguest_gate[0] = param(BOOT_PARAMS_GATE);
    lguest_gate[1] = param(BOOT_PARAMS_GATE + 4);
    lguest_enter(ram_top);
    boot_add_range(LGUEST_LOW_MEMORY, ram_top - LGUEST_LOW_MEMORY, BOOT_MEM_USABLE);
    boot_add_module(initrd, size);
    if (cmdline && cmdline < ram_top)
        boot_set_cmdline((const char *)cmdline);
}

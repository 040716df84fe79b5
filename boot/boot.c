/*
 * Filling boot_info, for every entry of this folder.
 */
#include "boot/boot.h"

struct boot_info boot_info;

void
boot_add_range(uint64_t base, uint64_t size, enum boot_memory type)
{
    if (boot_info.nr_ranges == BOOT_MAX_RANGES || size == 0 || base + size < base)
        return;
    boot_info.ranges[boot_info.nr_ranges++] =
        (struct boot_range){.base = base, .size = size, .type = type};
}

void
boot_add_module(uint32_t start, uint32_t end)
{
    if (boot_info.nr_modules == BOOT_MAX_MODULES || end <= start)
        return;
    boot_info.modules[boot_info.nr_modules++] =
        (struct boot_module){.base = start, .size = end - start};
}

/*
 * From PVH start info to boot_info. As with Multiboot the loader's structures may lie anywhere
 * in RAM that the image does not use, so what is wanted is copied before the page allocator
 * hands that memory out; addresses are 64 bits wide there, and one beyond our reach is ignored.
 */
#include "abi/pvh.h"
#include "boot/boot.h"
#include "kernel/boot_info.h"
#include "kernel/kernel.h"

/* A table of `count` entries of `size` bytes below 4 GiB, or NULL. */
static const void *
table_at(uint64_t paddr, uint32_t count, size_t size)
{
    if (paddr == 0 || paddr > UINT32_MAX || count > (UINT32_MAX - paddr) / size)
        return NULL;
    return (const void *)(uintptr_t)paddr;
}

static void
read_memory(const struct pvh_start_info *info)
{
    const struct pvh_memmap *map =
        table_at(info->memmap_paddr, info->memmap_entries, sizeof(*map));

    if (info->version < 1 || !map)
        return;
    for (uint32_t i = 0; i < info->memmap_entries; i++)
        boot_add_range(map[i].addr, map[i].size,
                       map[i].type == PVH_MEMMAP_RAM ? BOOT_MEM_USABLE : BOOT_MEM_RESERVED);
}

static void
read_modules(const struct pvh_start_info *info)
{
    const struct pvh_module *list =
        table_at(info->modlist_paddr, info->nr_modules, sizeof(*list));

    if (!list)
        return;
    for (uint32_t i = 0; i < info->nr_modules && i < BOOT_MAX_MODULES; i++)
        boot_add_module(list[i].paddr, list[i].size);
}

void
pvh_read(const struct pvh_start_info *info)
{
    if (info->magic != PVH_START_MAGIC)
        return;
    boot_info.door = "pvh";
    boot_info.rsdp = info->rsdp_paddr <= UINT32_MAX ? (uintptr_t)info->rsdp_paddr : 0;
    read_memory(info);
    read_modules(info);
    const char *cmdline = table_at(info->cmdline_paddr, BOOT_CMDLINE_MAX, 1);
    if (cmdline)
        boot_set_cmdline(cmdline);
}

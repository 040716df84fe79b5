/*
 * From Multiboot information to boot_info (Multiboot Specification 0.6.96, 3.3). The loader's
 * structures may lie anywhere in low or high memory that the image does not use, so all that
 * is wanted is copied here, before the page allocator hands that memory out. The loader is
 * trusted to describe the memory; its counts and addresses are bounded all the same, since a
 * wrong map should be a clear sentence and not a wild read.
 */
#include "abi/multiboot.h"
#include "boot/boot.h"
#include "kernel/boot_info.h"
#include "kernel/cmdline.h"
#include "kernel/kernel.h"
#include "kernel/string.h"

static void
read_memory_map(const struct multiboot_info *mb)
{
    uint32_t at = mb->mmap_addr, end = mb->mmap_addr + mb->mmap_length;

    while (at < end && end - at >= sizeof(struct multiboot_mmap)) {
        const struct multiboot_mmap *m = (const void *)at;
        boot_add_range(m->base, m->length, m->type == 1 ? BOOT_MEM_USABLE : BOOT_MEM_RESERVED);
        if (m->size > end - at - 4)
            return;
        at += m->size + 4;
    }
}

static void
read_memory(const struct multiboot_info *mb)
{
    if (mb->flags & MULTIBOOT_INFO_MMAP) {
        read_memory_map(mb);
        return;
    }
    if (mb->flags & MULTIBOOT_INFO_MEMORY) {
        boot_add_range(0, mb->mem_lower * 1024ull, BOOT_MEM_USABLE);
        boot_add_range(0x100000, mb->mem_upper * 1024ull, BOOT_MEM_USABLE);
    }
}

static void
read_modules(const struct multiboot_info *mb)
{
    const struct multiboot_module *mod = (const void *)mb->mods_addr;

    if (!(mb->flags & MULTIBOOT_INFO_MODULES))
        return;
    for (uint32_t i = 0; i < mb->mods_count && i < BOOT_MAX_MODULES; i++)
        boot_add_module(mod[i].mod_start, mod[i].mod_end - mod[i].mod_start);
}

static void
read_cmdline(const struct multiboot_info *mb)
{
    if (!(mb->flags & MULTIBOOT_INFO_CMDLINE))
        return;
    const char *text = (const char *)mb->cmdline;
    bool qemu = (mb->flags & MULTIBOOT_INFO_LOADER) &&
                strcmp((const char *)mb->boot_loader_name, "qemu") == 0;
    if (qemu && fw_cfg_set_cmdline())
        return;
    /* QEMU alone puts the path of the image in front, unquoted; GRUB 2 passes only the words.
     */
    boot_set_cmdline(qemu ? cmdline_after_path(text, image_name) : text);
}

void
multiboot_read(const struct multiboot_info *mb)
{
    boot_info.door = "multiboot";
    read_memory(mb);
    read_modules(mb);
    read_cmdline(mb);
}

/*
 * Multiboot 1: what a loader looks for in the image and what it leaves in memory
 * (Multiboot Specification 0.6.96, sections 3.1 and 3.3). Usable from assembler.
 */
#ifndef ABI_MULTIBOOT_H
#define ABI_MULTIBOOT_H

#define MULTIBOOT_HEADER_MAGIC 0x1BADB002 /* in the first 8 KiB, 4-byte aligned */
#define MULTIBOOT_LOADER_MAGIC 0x2BADB002 /* eax at entry */

#define MULTIBOOT_HEADER_PAGE_ALIGN 0x1 /* modules on page boundaries */
#define MULTIBOOT_HEADER_MEMORY     0x2 /* tell us the memory */

#define MULTIBOOT_INFO_MEMORY  0x001
#define MULTIBOOT_INFO_CMDLINE 0x004
#define MULTIBOOT_INFO_MODULES 0x008
#define MULTIBOOT_INFO_MMAP    0x040
#define MULTIBOOT_INFO_LOADER  0x200

#ifndef __ASSEMBLER__
#include <stdint.h>

struct multiboot_info {
    uint32_t flags;
    uint32_t mem_lower; /* KiB from 0 */
    uint32_t mem_upper; /* KiB from 1 MiB */
    uint32_t boot_device;
    uint32_t cmdline;
    uint32_t mods_count;
    uint32_t mods_addr;
    uint32_t syms[4];
    uint32_t mmap_length;
    uint32_t mmap_addr;
    uint32_t drives_length;
    uint32_t drives_addr;
    uint32_t config_table;
    uint32_t boot_loader_name;
};

struct multiboot_module {
    uint32_t mod_start;
    uint32_t mod_end; /* first byte after it */
    uint32_t cmdline;
    uint32_t reserved;
};

/* `size` does not count itself: the next entry is size + 4 bytes on. */
struct multiboot_mmap {
    uint32_t size;
    uint64_t base;
    uint64_t length;
    uint32_t type; /* 1 is usable RAM */
} __attribute__((packed));
#endif

#endif

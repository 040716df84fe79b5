/*
 * PVH: how Xen, and after it QEMU, Firecracker and cloud-hypervisor, start an ELF image
 * directly. A note in the image names the 32-bit entry; ebx holds the start info's physical
 * address there (Xen's public headers arch-x86/hvm/start_info.h and elfnote.h).
 */
#ifndef ABI_PVH_H
#define ABI_PVH_H

#define XEN_ELFNOTE_PHYS32_ENTRY 18 /* type of the note; its name is "Xen" */

#define PVH_START_MAGIC 0x336ec578 /* "xEn3" with the top bit of the E set */

#ifndef __ASSEMBLER__
#include <stdint.h>

struct pvh_start_info {
    uint32_t magic;
    uint32_t version; /* the memory map is there from 1 on */
    uint32_t flags;
    uint32_t nr_modules;
    uint64_t modlist_paddr;
    uint64_t cmdline_paddr;
    uint64_t rsdp_paddr;
    uint64_t memmap_paddr;
    uint32_t memmap_entries;
    uint32_t reserved;
};

struct pvh_module {
    uint64_t paddr;
    uint64_t size;
    uint64_t cmdline_paddr;
    uint64_t reserved;
};

#define PVH_MEMMAP_RAM 1

struct pvh_memmap {
    uint64_t addr;
    uint64_t size;
    uint32_t type;
    uint32_t reserved;
};
#endif

#endif

/*
 * What every door hands to kmain: whichever loader started the image, its own structures
 * (multiboot information, boot_params, PVH start info) end here. The boot code copies, so
 * nothing points into loader memory except the modules, which are reserved.
 */
#ifndef KERNEL_BOOT_INFO_H
#define KERNEL_BOOT_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BOOT_MAX_RANGES  64
#define BOOT_MAX_MODULES 8
#define BOOT_CMDLINE_MAX (64 << 10) /* bytes; more than any loader is known to give */

enum boot_memory { BOOT_MEM_USABLE = 1, BOOT_MEM_RESERVED = 2 };

struct boot_range {
    uint64_t base;
    uint64_t size;
    enum boot_memory type;
};

struct boot_module {
    uint64_t base; /* physical address; from modules_check on inside RAM below 4 GiB */
    uint64_t size; /* bytes; 0: it cannot be used, see modules_check */
};

struct boot_info {
    const char *door;   /* how control came: "multiboot", "lguest", "pvh" */
    uint64_t entry_tsc; /* the CPU's cycle counter as the image was entered */
    uintptr_t rsdp;     /* ACPI's root pointer where the loader names it, else 0 */
    unsigned nr_ranges; /* in no particular order, may overlap */
    struct boot_range ranges[BOOT_MAX_RANGES];
    unsigned nr_modules; /* the first one is the initrd */
    struct boot_module modules[BOOT_MAX_MODULES];
    bool cmdline_cut; /* the command line was longer than its buffer */
};

/* The one copy, filled by boot/ and constant from kmain on. */
extern struct boot_info boot_info;
/* The command line, NUL-terminated; the loader's own prefix is gone. Memory that nobody clears. */
extern char boot_cmdline[BOOT_CMDLINE_MAX];
/* Leave out modules that do not lie in RAM or lie over the image, and say so; the others keep
 * their places. Once, before the page allocator sets them aside. */
void modules_check(void);

/* The image's own file name, "hello.elf"; made by the build. */
extern const char image_name[];

/*
 * Where all doors meet. Stack set up, .bss clear, interrupts off, one CPU, virtual equal to
 * physical. Does not return.
 */
_Noreturn void kmain(void);

#endif

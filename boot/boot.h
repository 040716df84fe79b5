/*
 * What the doors share: filling boot_info within its bounds, and one reader for each kind of
 * loader. All run on the boot stack with nothing initialised.
 */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

#include <stdint.h>
#include "kernel/boot_info.h"

/* Ranges and modules that are empty, wrap, or exceed the table are left out. */
void boot_add_range(uint64_t base, uint64_t size, enum boot_memory type);
/* As the loader says; kmain looks whether that can be (modules_check). */
void boot_add_module(uint64_t base, uint64_t size);

/* Copies the text, or as much of it as there is room for. */
void boot_set_cmdline(const char *text);
/* The same with the line that QEMU's firmware configuration has; false if there is none. */
bool fw_cfg_set_cmdline(void);

/* The readers: each fills boot_info; without a memory range in it kmain says so and leaves. */
struct multiboot_info;
void multiboot_read(const struct multiboot_info *mb);
struct pvh_start_info;
void pvh_read(const struct pvh_start_info *info);
void lguest_read(void);

#endif

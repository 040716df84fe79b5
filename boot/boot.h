/*
 * What the entries of this folder share: filling boot_info within its bounds.
 */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

#include <stdint.h>
#include "kernel/boot_info.h"

/* Ranges that are empty, wrap, or exceed the table are left out. */
void boot_add_range(uint64_t base, uint64_t size, enum boot_memory type);
/* [start, end), physical. */
void boot_add_module(uint32_t start, uint32_t end);

#endif

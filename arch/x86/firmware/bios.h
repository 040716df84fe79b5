/*
 * What a BIOS leaves in the first MiB for whoever runs after it: structures that a signature
 * and a sum tell from anything else.
 */
#ifndef ARCH_X86_FIRMWARE_BIOS_H
#define ARCH_X86_FIRMWARE_BIOS_H

#include <stdbool.h>
#include <stddef.h>

/* True if the bytes sum to 0, as those of every table of firmware do. */
bool bios_sum_is_right(const void *data, size_t len);
/* The structure whose first bytes are `signature` and whose first `len` have the right sum;
 * NULL if there is none. Only while paging is off. */
const void *bios_find(const char *signature, size_t len);

#endif

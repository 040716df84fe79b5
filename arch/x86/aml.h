/*
 * As much of ACPI's machine language as can be had without an interpreter.
 */
#ifndef ARCH_X86_AML_H
#define ARCH_X86_AML_H

#include <stddef.h>
#include <stdint.h>

/* The sleep types of state S5 from the `len` bytes of AML that follow the header of a DSDT:
 * types[0] for PM1a, types[1] for PM1b. -ENOENT if there is no package that can be read. */
int aml_find_s5(const uint8_t *aml, size_t len, uint8_t types[2]);

/* The generic event device (6.4, 5.6.9) as QEMU describes its own: address of its register, and
 * its interrupt. -ENOENT if there is none that can be read. */
int aml_find_event_device(const uint8_t *aml, size_t len, uint32_t *address, uint32_t *gsi);

#endif

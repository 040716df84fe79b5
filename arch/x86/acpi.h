/*
 * As much of ACPI as it takes to switch a PC off.
 */
#ifndef ARCH_X86_ACPI_H
#define ARCH_X86_ACPI_H

#include <stddef.h>
#include <stdint.h>

/* Switch the machine off. Returns if that did not work or there is no ACPI. The tables may lie
 * anywhere below 4 GiB: called with paging off. */
void acpi_power_off(void);

/* The sleep types of state S5 from the `len` bytes of AML that follow the header of a DSDT:
 * types[0] for PM1a, types[1] for PM1b. -ENOENT if there is no package that can be read. */
int acpi_find_s5(const uint8_t *aml, size_t len, uint8_t types[2]);

#endif

/*
 * Switching a PC off, starting it anew, and its power button, by ACPI (specification 6.4,
 * chapter 4).
 */
#ifndef ARCH_X86_POWER_H
#define ARCH_X86_POWER_H

/* Take what is needed from the FADT. Once, after acpi_init, while paging is off. */
void power_init(void);

/* Each returns if the machine has nothing for it, or that did not work. Interrupts and paging
 * off: registers and the DSDT are wherever they are. */
void power_off(void);
void power_reset(void);

#endif

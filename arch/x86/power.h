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

/* From now on the power button asks the program to end (kernel_ask_end). Once, when the
 * interrupt controllers are up. */
void power_button_watch(void);

#endif

/*
 * Switching a PC off, starting it anew, and its power button, by ACPI (specification 6.4,
 * chapter 4).
 */
#ifndef ARCH_X86_FIRMWARE_POWER_H
#define ARCH_X86_FIRMWARE_POWER_H

#include <stdbool.h>

/* Take what is needed from the FADT. Once, after acpi_init, while paging is off. */
void power_init(void);

/* Each returns if the machine has nothing for it, or that did not work. Interrupts and paging
 * off: registers and AML code are wherever they are. */
void power_off(void);
void power_reset(void);

/*
 * For the idle loop, interrupts off: true if there was something to do after all, which is now
 * deferred work. The first time that is to listen to the power button, which asks the program to
 * end (kernel_ask_end): looking through AML code and entering ACPI mode take longer than many a
 * program runs, and a press before that is kept.
 */
bool power_idle(void);

#endif

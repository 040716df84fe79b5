/*
 * ACPI's power management timer (specification 6.4, 4.8.3.3), as a counter to measure by.
 */
#ifndef ARCH_X86_TIME_PM_TIMER_H
#define ARCH_X86_TIME_PM_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#define PM_TIMER_HZ    3579545u
#define PM_TIMER_ROUND (1u << 24) /* ticks: 4.7 s; not every machine has the upper 8 bits */

/* Count from 0; false if there is none. The first time only while paging is off, after
 * acpi_init. */
bool pm_timer_start(void);
/* Ticks since the start, modulo PM_TIMER_ROUND. */
uint32_t pm_timer_count(void);
/* It has no flag that stays: false. */
bool pm_timer_came_round(void);

#endif

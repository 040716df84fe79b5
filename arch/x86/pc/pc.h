/*
 * The PC as a platform: what the boot code of a PC's loaders sets `platform` to, and the
 * interrupt lines of the machine for who drives a device on one.
 */
#ifndef ARCH_X86_PC_PC_H
#define ARCH_X86_PC_PC_H

#include <stdbool.h>
#include "kernel/platform.h"

extern const struct platform pc_platform;

/*
 * The line of global system interrupt `gsi` (ACPI 6.4, 5.2.13): a pin of whichever interrupt
 * controller the machine has for it. `level`: the device holds the line until it is silenced,
 * else it sends an edge; active high either way, unless the firmware's tables say otherwise of
 * this interrupt. Who asks first decides. NULL if nothing has such a pin, or if it is one that
 * no device can have (the timer's, the cascade's).
 */
struct irq_line *pc_gsi_line(unsigned gsi, bool level);

#endif

/*
 * What the rest of the kernel may know of an lguest host: the hypercalls that the device page
 * needs, and interrupt numbers. Everything else of that platform is behind struct platform.
 */
#ifndef ARCH_X86_LGUEST_LGUEST_H
#define ARCH_X86_LGUEST_LGUEST_H

#include <stdbool.h>
#include <stdint.h>
#include "kernel/platform.h"

extern const struct platform lguest_platform;

/* Below it nothing is used, and nothing is mapped once boot_params were read: our launcher has that
 * memory only where segments have a base, which is slow. */
#define LGUEST_LOW_MEMORY 0x10000u

/*
 * First contact, before anything is printed: LGUEST_INIT, then the era probe. Leaves by
 * SHUTDOWN with a sentence where the host's device interface is not supported. `ram_top` is
 * the end of e820[0]: where RAM ends and the device page lies.
 */
void lguest_enter(uint32_t ram_top);

/* Far pointer to where a hypercall is cheaper, or 0 (BOOT_PARAMS_GATE). */
extern uint32_t lguest_gate[2];

/* Physical address of the page of device descriptors; 0 when the host is not lguest. */
uintptr_t lguest_device_page(void);

/* LHCALL_NOTIFY with a physical address below the limit. Any context. */
void lguest_notify(uintptr_t phys);

/*
 * The line of interrupt `irq`, for one owner: -EINVAL for the timer's and above 31, -EBUSY when
 * it has an owner already.
 */
int lguest_irq_claim(unsigned irq, struct irq_line **out);
void lguest_irq_release(struct irq_line *line);

#endif

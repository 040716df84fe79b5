/*
 * Page tables: every address maps to itself, and what may be done there is all that they say.
 */
#ifndef ARCH_X86_CPU_PAGING_H
#define ARCH_X86_CPU_PAGING_H

#include <stddef.h>
#include <stdint.h>
#include "kernel/platform.h"

/* Build the tables and switch paging on. Once, after pages_init. -ENOMEM when there is no
 * memory for the tables: paging stays off. */
int paging_init(void);
/* See protect and map_device of struct platform. */
int paging_protect(void *base, size_t len, enum page_prot prot);
void *paging_map_device(uint64_t phys, size_t len);
/* Off for good: on the way out, when tables of the firmware have to be read wherever they
 * are. Interrupts off. */
void paging_off(void);

#endif

/*
 * Descriptor tables of the PC platform: the GDT with flat segments, the interrupt descriptor
 * table, and the task that double faults switch to.
 */
#ifndef ARCH_X86_CPU_SEGMENTS_H
#define ARCH_X86_CPU_SEGMENTS_H

/* Selectors. The thread pointer's is entry 14, requested privilege 3: the C library loads it
 * with that RPL, and the same entry is free in lguest's table and in 64-bit Linux. */
#define SELECTOR_CODE         0x08
#define SELECTOR_DATA         0x10
#define SELECTOR_TASK         0x18
#define SELECTOR_DOUBLE_FAULT 0x20
#define SELECTOR_GS           0x73

#ifndef __ASSEMBLER__
#include <stdint.h>

/* Load all three tables and every segment register. Once, interrupts off. */
void segments_init(void);
/* The page directory that the double fault task runs in: a task switch loads CR3. */
void segments_set_cr3(uint32_t cr3);
/* Base address of what %gs selects; see struct platform. */
void segments_set_gs_base(uintptr_t base);
#endif

#endif

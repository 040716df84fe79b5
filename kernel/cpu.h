/*
 * What the kernel needs of the CPU itself, whatever the machine around it is; arch/x86 has
 * it in switch.S and trap.c.
 */
#ifndef KERNEL_CPU_H
#define KERNEL_CPU_H

#include <stddef.h>
#include <stdint.h>

/* Save the callee-saved registers on this stack, its pointer in *save, and go on where the
 * thread that was saved with stack pointer `load` stopped. */
void cpu_switch(uintptr_t *save, uintptr_t load);
/* Lay out a fresh stack below `top` (16-byte aligned) so that the first cpu_switch to the
 * returned pointer calls start() with the ABI's stack alignment; start must not return. */
uintptr_t cpu_stack_prepare(uintptr_t top, void (*start)(void));
/* Call fn(arg) on the stack that ends at `top`; returns when it does. */
void cpu_call_on(uintptr_t top, void (*fn)(void *), void *arg);

/* Call fn(arg) with coprocessor and SSE as at the start of a program, and put back how they were: for
 * code that was interrupted anywhere. Takes up to 2.7 KiB of stack; 0.9 with AVX, else 0.6. */
void cpu_keep_fpu(void (*fn)(void *), void *arg);

/* Up to `size` bytes of the CPU's own random number generator; the number, which is small when
 * it does not answer, or -ENODEV if it has none. arch/x86/cpu/rdrand.c. */
int cpu_random(void *to, size_t size);

/* What Linux calls AT_HWCAP: CPUID's feature flags, without SSE where that is off. */
uint32_t cpu_features(void);

/* The text of the image, for backtraces; from the linker script. */
extern const char image_start[], text_start[], text_end[], data_start[], bss_start[],
    image_end[];
/* The stack of boot/entry.S, 16-byte aligned; deferred work runs there (deferred.c). */
extern char boot_stack_top[];

#endif

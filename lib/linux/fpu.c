/*
 * Coprocessor and SSE of a program's threads. Compiled code may keep values there over a system call,
 * which here can mean that another thread runs; the kernel itself touches neither.
 */
#include "kernel/cpu.h"
#include "kernel/string.h"
#include "lib/linux/program.h"

#define FEATURE_FXSR (1u << 24) /* CPUID leaf 1, edx */
#define CONTROL_X87  0x037f     /* as after FNINIT (Intel SDM vol. 1, 8.1.5) */
#define CONTROL_SSE  0x1f80     /* at reset (11.6.4) */
#define MXCSR_AT     24         /* in FXSAVE's area (table 10-2) */

static bool
has_fxsr(void)
{
    static int8_t known; /* CPUID costs an exit under some hosts */

    if (!known)
        known = cpu_features() & FEATURE_FXSR ? 1 : -1;
    return known > 0;
}

void
linux_fpu_save(uint8_t *area)
{
    if (has_fxsr())
        __asm__ volatile("fxsave (%0)" : : "r"(area) : "memory");
    else
        __asm__ volatile("fnsave (%0); frstor (%0)" : : "r"(area) : "memory");
}

void
linux_fpu_restore(const uint8_t *area)
{
    if (has_fxsr())
        __asm__ volatile("fxrstor (%0)" : : "r"(area) : "memory");
    else
        __asm__ volatile("frstor (%0)" : : "r"(area) : "memory");
}

void
linux_fpu_fresh(uint8_t *area)
{
    memset(area, 0, LINUX_FPU_SIZE);
    *(uint16_t *)area = CONTROL_X87;
    if (has_fxsr())
        *(uint32_t *)(area + MXCSR_AT) = CONTROL_SSE;
    else
        *(uint16_t *)(area + 8) = 0xffff; /* FSAVE's tags: all registers are empty */
}

/*
 * What this CPU is and can do. The image is compiled for the i686, which has CPUID; how many
 * leaves is another matter.
 */
#include "arch/x86/cpu/cpu.h"
#include "kernel/cpu.h"

#define CPUID_RANGE_MASK 0xffff0000u /* leaves come in ranges, each naming its last one */

static struct cpuid
execute(uint32_t leaf)
{
    struct cpuid r;

    __asm__ volatile("cpuid"
                     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
                     : "a"(leaf), "c"(0));
    return r;
}

struct cpuid
cpu_id(uint32_t leaf)
{
    uint32_t range = leaf & CPUID_RANGE_MASK;

    /* Beyond the last leaf Intel CPUs answer with another leaf's data, not with zeros; an
     * absent range answers the same way, which its "last leaf" then betrays. */
    uint32_t last = execute(range).eax;
    if ((last & CPUID_RANGE_MASK) != range || leaf > last)
        return (struct cpuid){0};
    return execute(leaf);
}

uint8_t cpu_fpu_words;

void
cpu_fpu_found(void)
{
    uint32_t edx = cpu_id(1).edx;

    if (!(edx & CPUID_1_EDX_FPU))
        return;
    __asm__ volatile("fninit");
    cpu_fpu_words = (edx & CPUID_1_EDX_FXSR) && (edx & CPUID_1_EDX_SSE) ? 2 : 1;
}

void
cpu_fpu_init(void)
{
    if (!(cpu_id(1).edx & CPUID_1_EDX_FPU))
        return; /* CR0.EM as the loader left it: a coprocessor instruction then traps */
    /* Errors as exception 16 rather than the PC's irq 13 (SDM vol. 3, 2.5: NE). */
    cpu_set_cr0((cpu_cr0() & ~(CR0_EM | CR0_TS)) | CR0_MP | CR0_NE);
    cpu_fpu_found();
    if (cpu_fpu_words == 2)
        cpu_set_cr4(cpu_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT);
}

uint32_t
cpu_features(void)
{
    return cpu_id(1).edx & (cpu_fpu_words == 2 ? ~0u : ~CPUID_1_EDX_SSE);
}

/*
 * What this CPU is and can do. The image is compiled for the i686, which has CPUID; how many
 * leaves is another matter.
 */
#include "arch/x86/cpu/cpu.h"
#include "kernel/cpu.h"
#include "kernel/kernel.h"
#include "kernel/string.h"

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
     * absent range answers the same way, which its "last leaf" then betrays. Whoever has CPUID has
     * leaf 1, and to ask costs an exit where a host answers. */
    uint32_t last = leaf > 1 ? execute(range).eax : leaf;
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

/* What XSAVE is to keep (SDM vol. 1, 13.1): the x87, SSE, AVX and AVX-512, of what is on. */
#define XCR0_KEPT    0xe7u
#define XSAVE_MAX    2688u /* bytes of these, in the standard format (SDM vol. 1, 13.4.3) */
#define FXSAVE_SIZE  512u
#define XSAVE_HEADER 64u /* behind it */
#define MXCSR_START  0x1f80u

/* The components, or 0 where FXSAVE has to do: nobody switched XSAVE on. */
static uint32_t
xsave_kept(void)
{
    uint32_t low, high;

    if (!(cpu_id(1).ecx & CPUID_1_ECX_OSXSAVE))
        return 0;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low & XCR0_KEPT;
}

void
cpu_keep_fpu(void (*fn)(void *), void *arg)
{
    static uint32_t kept, size;
    uint32_t start = MXCSR_START;

    if (!size) {
        kept = xsave_kept();
        size = kept ? MIN(cpu_id(0xd).ebx, XSAVE_MAX) : FXSAVE_SIZE;
    }
    char *area = (char *)(((uintptr_t)__builtin_alloca(size + 63) + 63) & ~63u);
    if (kept) {
        /* XSAVE leaves some of the header, XRSTOR wants 0. */
        memset(area + FXSAVE_SIZE, 0, XSAVE_HEADER);
        __asm__ volatile("xsave (%0)" : : "r"(area), "a"(kept), "d"(0) : "memory");
    } else if (cpu_fpu_words == 2) {
        __asm__ volatile("fxsave (%0)" : : "r"(area) : "memory");
    } else if (cpu_fpu_words == 1) {
        __asm__ volatile("fnsave (%0)" : : "r"(area) : "memory");
    }
    if (cpu_fpu_words)
        __asm__ volatile("fninit");
    if (cpu_fpu_words == 2)
        __asm__ volatile("ldmxcsr %0" : : "m"(start));
    fn(arg);
    if (kept)
        __asm__ volatile("xrstor (%0)" : : "r"(area), "a"(kept), "d"(0) : "memory");
    else if (cpu_fpu_words == 2)
        __asm__ volatile("fxrstor (%0)" : : "r"(area) : "memory");
    else if (cpu_fpu_words == 1)
        __asm__ volatile("frstor (%0)" : : "r"(area) : "memory");
}

uint32_t
cpu_features(void)
{
    return cpu_id(1).edx & (cpu_fpu_words == 2 ? ~0u : ~CPUID_1_EDX_SSE);
}

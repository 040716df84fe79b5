/*
 * The CPU's own instructions that C has no words for: identification, control registers, time
 * stamp, interrupt flag. What each platform may use differs (an lguest guest has no control
 * registers), so nothing here is called outside arch/x86.
 */
#ifndef ARCH_X86_CPU_CPU_H
#define ARCH_X86_CPU_CPU_H

#include <stdbool.h>
#include <stdint.h>

#define EFLAGS_IF (1u << 9)

#define CR0_MP (1u << 1)
#define CR0_EM (1u << 2)
#define CR0_TS (1u << 3)
#define CR0_NE (1u << 5)
#define CR0_WP (1u << 16)
#define CR0_PG (1u << 31)

#define CR4_PSE        (1u << 4)
#define CR4_PAE        (1u << 5)
#define CR4_OSFXSR     (1u << 9)
#define CR4_OSXMMEXCPT (1u << 10)

#define MSR_APIC_BASE    0x1bu
#define MSR_TSC_DEADLINE 0x6e0u
#define MSR_EFER         0xc0000080u
#define EFER_NXE         (1u << 11)

/* CPUID leaf 1 (Intel SDM vol. 2, CPUID) and 0x80000001. */
#define CPUID_1_EDX_FPU        (1u << 0)
#define CPUID_1_EDX_PSE        (1u << 3)
#define CPUID_1_EDX_TSC        (1u << 4)
#define CPUID_1_EDX_PAE        (1u << 6)
#define CPUID_1_EDX_APIC       (1u << 9)
#define CPUID_1_EDX_CMOV       (1u << 15)
#define CPUID_1_EDX_FXSR       (1u << 24)
#define CPUID_1_EDX_SSE        (1u << 25)
#define CPUID_1_ECX_DEADLINE   (1u << 24)
#define CPUID_1_ECX_OSXSAVE    (1u << 27)
#define CPUID_1_ECX_HYPERVISOR (1u << 31)
#define CPUID_EXT_EDX_NX       (1u << 20)

struct cpuid {
    uint32_t eax, ebx, ecx, edx;
};

/* The leaf's registers; zeros where the CPU has no such leaf. */
struct cpuid cpu_id(uint32_t leaf);

/* Coprocessor and SSE on, for applications; the kernel itself uses neither. */
void cpu_fpu_init(void);
/* The same where a host has switched on what there is. */
void cpu_fpu_found(void);
/* Control words that a switch of threads keeps (switch.S): 0 none, 1 the x87's, 2 also SSE's. */
extern uint8_t cpu_fpu_words;

static inline uint64_t
cpu_tsc(void)
{
    uint64_t value;
    __asm__ volatile("rdtsc" : "=A"(value));
    return value;
}

/* Load %gs, and with it the descriptor as it is now. */
static inline void
cpu_set_gs(uint16_t selector)
{
    __asm__ volatile("movl %0, %%gs" : : "r"((uint32_t)selector) : "memory");
}

static inline uint32_t
cpu_flags(void)
{
    uint32_t flags;
    __asm__ volatile("pushfl; popl %0" : "=r"(flags));
    return flags;
}

static inline void
cpu_irq_off(void)
{
    __asm__ volatile("cli" : : : "memory");
}

static inline void
cpu_irq_on(void)
{
    __asm__ volatile("sti" : : : "memory");
}

/* cpu_cr0(), cpu_set_cr0(value), and so on. */
#define CONTROL_REGISTER(name)                                           \
    static inline uint32_t cpu_##name(void)                              \
    {                                                                    \
        uint32_t value;                                                  \
        __asm__ volatile("movl %%" #name ", %0" : "=r"(value));          \
        return value;                                                    \
    }                                                                    \
    static inline void cpu_set_##name(uint32_t value)                    \
    {                                                                    \
        __asm__ volatile("movl %0, %%" #name : : "r"(value) : "memory"); \
    }

CONTROL_REGISTER(cr0)
CONTROL_REGISTER(cr2)
CONTROL_REGISTER(cr3)
CONTROL_REGISTER(cr4)

static inline uint64_t
cpu_msr(uint32_t msr)
{
    uint64_t value;
    __asm__ volatile("rdmsr" : "=A"(value) : "c"(msr));
    return value;
}

static inline void
cpu_set_msr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "A"(value) : "memory");
}

#endif

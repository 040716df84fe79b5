/*
 * The CPU's own instructions, which in the unit tests are the test's.
 */
#ifndef ARCH_X86_CPU_CPU_H
#define ARCH_X86_CPU_CPU_H

#include <stdbool.h>
#include <stdint.h>

#define EFLAGS_IF (1u << 9)

#define MSR_APIC_BASE    0x1bu
#define MSR_TSC_DEADLINE 0x6e0u

#define CPUID_1_EDX_TSC        (1u << 4)
#define CPUID_1_EDX_APIC       (1u << 9)
#define CPUID_1_ECX_DEADLINE   (1u << 24)
#define CPUID_1_ECX_HYPERVISOR (1u << 31)

struct cpuid {
    uint32_t eax, ebx, ecx, edx;
};

struct cpuid cpu_id(uint32_t leaf);
uint64_t cpu_tsc(void);
uint32_t cpu_cr2(void);
uint64_t cpu_msr(uint32_t msr);
void cpu_set_msr(uint32_t msr, uint64_t value);
void cpu_set_gs(uint16_t selector);
void cpu_fpu_found(void);

#endif

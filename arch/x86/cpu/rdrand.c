/*
 * The CPU's random number generator (Intel SDM vol. 1, 7.3.17.1), asked last for entropy and
 * the only source on a machine without a device for it. CPUID says whether it exists; under
 * lguest CPUID works in a guest as it does here.
 */
#include "arch/x86/cpu/cpu.h"
#include "kernel/cpu.h"
#include "kernel/kernel.h"
#include "kernel/string.h"

#define CPUID_1_ECX_RDRAND (1u << 30)

/* The manual's advice: ten failures in a row mean that the generator is broken. */
#define TRIES 10

static bool
rdrand(uint32_t *value)
{
    for (int i = 0; i < TRIES; i++) {
        bool ok;
        __asm__ volatile("rdrand %0" : "=r"(*value), "=@ccc"(ok));
        if (ok)
            return true;
    }
    return false;
}

int
cpu_random(void *to, size_t size)
{
    char *at = to;
    size_t n = 0;
    uint32_t value;

    if (!(cpu_id(1).ecx & CPUID_1_ECX_RDRAND))
        return -ENODEV;
    size = MIN(size, (size_t)INT32_MAX);
    while (n < size && rdrand(&value)) {
        size_t len = MIN(size - n, sizeof(value));
        memcpy(at + n, &value, len);
        n += len;
    }
    return (int)n;
}

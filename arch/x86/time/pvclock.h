/*
 * KVM's clock (Linux, Documentation/virt/kvm: cpuid.rst and msr.rst): the host writes into our
 * memory what its time was at which value of the time stamp counter, and how fast that counts.
 */
#ifndef ARCH_X86_TIME_PVCLOCK_H
#define ARCH_X86_TIME_PVCLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* As the host writes it; odd versions are half written. */
struct pvclock_time {
    uint32_t version, unused;
    uint64_t tsc; /* the counter when the time was `ns` */
    uint64_t ns;
    uint32_t mult; /* ns for 2^32 ticks that were shifted */
    int8_t shift;  /* left, or right if negative */
    uint8_t flags, unused2[2];
} __attribute__((packed, aligned(4)));

/* Ask the host for it; false if CPUID offers none, or the host leaves it empty. Once. */
bool pvclock_init(void);
/* Nanoseconds since pvclock_init, never less than before. Interrupts off. */
uint64_t pvclock_read(void);
/* The host's time when the counter stands at `tsc`; a counter before t->tsc counts as that. */
uint64_t pvclock_ns(const struct pvclock_time *t, uint64_t tsc);

#endif

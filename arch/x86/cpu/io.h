/*
 * The only place with in and out instructions, and the only way to device memory. Drivers and
 * the rest of arch/x86 reach hardware through these and nothing else, so the unit tests put a
 * model of a machine in place of this one header.
 *
 * Ordering: every accessor is volatile and clobbers memory, so the compiler keeps it in its
 * place among all other accesses; uncached device memory and I/O instructions keep the
 * processor's order by themselves (Intel SDM vol. 3, 9.2 and 9.3). Ordering of ordinary memory
 * against itself is the ring's business, not this file's.
 */
#ifndef ARCH_X86_CPU_IO_H
#define ARCH_X86_CPU_IO_H

#include <stdint.h>

/*
 * For 8, 16 and 32 bits: io_in8(port), io_out8(port, value), mmio_read8(at), mmio_write8(at, value).
 * Memory is accessed by instructions that are written out, so that the compiler cannot change a
 * width or split an access; "q" is a register that has a low byte.
 */
#define IO_ACCESSORS(bits, suffix)                                                      \
    static inline uint##bits##_t io_in##bits(uint16_t port)                             \
    {                                                                                   \
        uint##bits##_t value;                                                           \
        __asm__ volatile("in" suffix " %1, %0" : "=a"(value) : "Nd"(port) : "memory");  \
        return value;                                                                   \
    }                                                                                   \
    static inline void io_out##bits(uint16_t port, uint##bits##_t value)                \
    {                                                                                   \
        __asm__ volatile("out" suffix " %0, %1" : : "a"(value), "Nd"(port) : "memory"); \
    }                                                                                   \
    static inline uint##bits##_t mmio_read##bits(const volatile void *at)               \
    {                                                                                   \
        const volatile uint##bits##_t *from = at;                                       \
        uint##bits##_t value;                                                           \
        __asm__ volatile("mov" suffix " %1, %0" : "=q"(value) : "m"(*from) : "memory"); \
        return value;                                                                   \
    }                                                                                   \
    static inline void mmio_write##bits(volatile void *at, uint##bits##_t value)        \
    {                                                                                   \
        volatile uint##bits##_t *to = at;                                               \
        __asm__ volatile("mov" suffix " %1, %0" : "=m"(*to) : "q"(value) : "memory");   \
    }

IO_ACCESSORS(8, "b")
IO_ACCESSORS(16, "w")
IO_ACCESSORS(32, "l")

#endif

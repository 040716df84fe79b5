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

static inline uint8_t
io_in8(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline uint16_t
io_in16(uint16_t port)
{
    uint16_t value;
    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline uint32_t
io_in32(uint16_t port)
{
    uint32_t value;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline void
io_out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void
io_out16(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void
io_out32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

/* Written as instructions so that the compiler cannot change a width or split an access. */

static inline uint8_t
mmio_read8(const volatile void *at)
{
    uint8_t value;
    __asm__ volatile("movb %1, %0"
                     : "=q"(value)
                     : "m"(*(const volatile uint8_t *)at)
                     : "memory");
    return value;
}

static inline uint16_t
mmio_read16(const volatile void *at)
{
    uint16_t value;
    __asm__ volatile("movw %1, %0"
                     : "=r"(value)
                     : "m"(*(const volatile uint16_t *)at)
                     : "memory");
    return value;
}

static inline uint32_t
mmio_read32(const volatile void *at)
{
    uint32_t value;
    __asm__ volatile("movl %1, %0"
                     : "=r"(value)
                     : "m"(*(const volatile uint32_t *)at)
                     : "memory");
    return value;
}

static inline void
mmio_write8(volatile void *at, uint8_t value)
{
    __asm__ volatile("movb %1, %0" : "=m"(*(volatile uint8_t *)at) : "q"(value) : "memory");
}

static inline void
mmio_write16(volatile void *at, uint16_t value)
{
    __asm__ volatile("movw %1, %0" : "=m"(*(volatile uint16_t *)at) : "r"(value) : "memory");
}

static inline void
mmio_write32(volatile void *at, uint32_t value)
{
    __asm__ volatile("movl %1, %0" : "=m"(*(volatile uint32_t *)at) : "r"(value) : "memory");
}

#endif

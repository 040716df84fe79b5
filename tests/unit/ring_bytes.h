/*
 * Ring memory as a device sees it: bytes at an address, read and written as they are at this
 * moment, since the driver works on them at the same time.
 */
#ifndef TESTS_UNIT_RING_BYTES_H
#define TESTS_UNIT_RING_BYTES_H

#include <stddef.h>
#include <stdint.h>

static inline uint8_t *
bytes_at(uint64_t address, size_t offset)
{
    return (uint8_t *)(uintptr_t)address + offset;
}

static inline uint16_t
get16(const uint8_t *at)
{
    return *(const volatile uint16_t *)at;
}

static inline uint32_t
get32(const uint8_t *at)
{
    return *(const volatile uint32_t *)at;
}

static inline uint64_t
get64(const uint8_t *at)
{
    return get32(at) | (uint64_t)get32(at + 4) << 32;
}

static inline void
put16(uint8_t *at, uint16_t value)
{
    *(volatile uint16_t *)at = value;
}

static inline void
put32(uint8_t *at, uint32_t value)
{
    *(volatile uint32_t *)at = value;
}

#endif

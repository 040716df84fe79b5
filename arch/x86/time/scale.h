/*
 * Changing units of time without dividing on every reading: value * mult >> shift, with the
 * product taken in two halves so that no value overflows before its result would.
 */
#ifndef ARCH_X86_TIME_SCALE_H
#define ARCH_X86_TIME_SCALE_H

#include <stdint.h>

struct scale {
    uint32_t mult;
    uint8_t shift; /* 0 to 32 */
};

static inline uint64_t
scale_apply(struct scale s, uint64_t value)
{
    uint64_t high = (value >> 32) * s.mult, low = (value & 0xffffffff) * s.mult;

    return (high << (32 - s.shift)) + (low >> s.shift);
}

/* The scale from units of which `from` make up what `to` units of the other kind do: with the
 * most bits that mult holds. Neither is 0; `to` below 2^32, and from not below to / 2^32. */
struct scale scale_make(uint64_t from, uint32_t to);

#endif

/*
 * Making a scale: the one division per pair of units.
 */
#include "arch/x86/time/scale.h"

struct scale
scale_make(uint64_t from, uint32_t to)
{
    uint8_t shift = 32;

    while (((uint64_t)to << shift) / from > UINT32_MAX)
        shift--;
    return (struct scale){.mult = (uint32_t)(((uint64_t)to << shift) / from), .shift = shift};
}

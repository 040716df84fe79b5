/*
 * Names for addresses, from the table that sdk/symbols makes of the linked image: functions
 * in rising order, each as its distance from the one before and its name up to a 0. A byte from
 * FIRST_PAIR on stands for two bytes. The table can only be read from the start, which is good
 * enough for when something went wrong.
 */
#include "kernel/cpu.h"
#include "kernel/kernel.h"

#define NAME_MAX_LEN 64
#define FIRST_PAIR   128

extern const uint8_t symbol_pairs[][2], symbol_table[];

/* Little-endian groups of seven bits, the last one without the eighth (DWARF 4, 7.6). */
static const uint8_t *
read_uleb128(const uint8_t *at, uint32_t *value)
{
    unsigned shift = 0;

    *value = 0;
    do {
        *value |= (uint32_t)(*at & 0x7f) << shift;
        shift += 7;
    } while (*at++ & 0x80);
    return at;
}

/* Append what a byte stands for. Both halves of a pair are smaller than the pair's own byte, so
 * this ends. */
static size_t
expand(uint8_t byte, char *name, size_t len)
{
    if (byte >= FIRST_PAIR) {
        const uint8_t *pair = symbol_pairs[byte - FIRST_PAIR];
        return expand(pair[1], name, expand(pair[0], name, len));
    }
    if (len < NAME_MAX_LEN - 1)
        name[len++] = (char)byte;
    return len;
}

const char *
symbol_name(uintptr_t address, uint32_t *offset)
{
    static char name[NAME_MAX_LEN];
    const uint8_t *at = symbol_table, *found = NULL;
    uintptr_t start = (uintptr_t)text_start;
    uint32_t distance;
    size_t len = 0;

    if (address < start || address >= (uintptr_t)text_end)
        return NULL;
    /* The last distance leads past all text. */
    for (at = read_uleb128(at, &distance); distance <= address - start;
         at = read_uleb128(at, &distance)) {
        start += distance;
        found = at;
        while (*at++)
            continue;
    }
    if (!found)
        return NULL;
    for (; *found; found++)
        len = expand(*found, name, len);
    name[len] = '\0';
    *offset = (uint32_t)(address - start);
    return name;
}

/*
 * Names for addresses, from the table that tools/symbols makes of the linked image: functions
 * in rising order, each as its distance from the one before, the number of characters that
 * its name shares with that one's, and the rest of the name. It can only be read from the
 * start, which is good enough for when something went wrong.
 */
#include "kernel/cpu.h"
#include "kernel/kernel.h"
#include "kernel/string.h"

#define NAME_MAX_LEN 64
#define SHARED_END   255

extern const uint8_t symbol_table[];

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

const char *
symbol_name(uintptr_t address, uint32_t *offset)
{
    static char name[NAME_MAX_LEN];
    const uint8_t *at = symbol_table;
    uintptr_t start = (uintptr_t)text_start;
    bool found = false;
    uint32_t distance;

    if (address < start || address >= (uintptr_t)text_end)
        return NULL;
    for (;;) {
        at = read_uleb128(at, &distance);
        unsigned shared = *at++;
        if (shared == SHARED_END || address - start < distance)
            return found ? name : NULL;
        start += distance;
        *offset = (uint32_t)(address - start);
        for (found = true; *at; at++)
            if (shared < sizeof(name) - 1)
                name[shared++] = (char)*at;
        name[MIN(shared, sizeof(name) - 1)] = '\0';
        at++;
    }
}

/*
 * Names for addresses, from the table that tools/symbols makes of the linked image: the
 * functions' addresses in rising order, and their names one behind the other. Searched from
 * the start, since it is only read when something went wrong.
 */
#include "kernel/cpu.h"
#include "kernel/kernel.h"
#include "kernel/string.h"

extern const uint32_t symbol_count;
extern const uint32_t symbol_addresses[];
extern const char symbol_names[];

const char *
symbol_name(uintptr_t address, uint32_t *offset)
{
    const char *name = symbol_names, *found = NULL;

    if (address < (uintptr_t)text_start || address >= (uintptr_t)text_end)
        return NULL;
    for (uint32_t i = 0; i < symbol_count && symbol_addresses[i] <= address; i++) {
        *offset = (uint32_t)(address - symbol_addresses[i]);
        found = name;
        name += strlen(name) + 1;
    }
    return found;
}

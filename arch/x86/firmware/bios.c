/*
 * Searching the places where a BIOS leaves its tables: ACPI (specification 6.4, 5.2.5.1) and
 * the MultiProcessor Specification (1.4, 4) name nearly the same, and what lies in one of them
 * only is known by its signature as well.
 */
#include "arch/x86/firmware/bios.h"
#include "kernel/kernel.h"
#include "kernel/string.h"

/* The first KiB of the BIOS's extended data area, whose segment stands at 0x40e; the last KiB
 * of the memory below 640 KiB; the last 128 KiB below 1 MiB. */
#define EBDA_SEGMENT 0x40e
#define EBDA_SIZE    1024
#define BASE_END     0xa0000
#define BASE_SIZE    1024
#define ROM_START    0xe0000
#define ROM_SIZE     0x20000

#define ALIGN 16

bool
bios_sum_is_right(const void *data, size_t len)
{
    const uint8_t *bytes = data;
    uint8_t sum = 0;

    for (size_t i = 0; i < len; i++)
        sum = (uint8_t)(sum + bytes[i]);
    return sum == 0;
}

static const void *
find_in(uintptr_t start, size_t size, const char *signature, size_t len)
{
    for (uintptr_t at = start; at + len <= start + size; at += ALIGN) {
        const char *s = (const char *)at;
        if (s[0] == signature[0] && /* spares thousands of calls */
            memcmp(s, signature, strlen(signature)) == 0 && bios_sum_is_right(s, len))
            return s;
    }
    return NULL;
}

/* In assembler, since to a C compiler an address this low is a null pointer gone astray. */
static uintptr_t
ebda_address(void)
{
    uint16_t segment;

    __asm__ volatile("movw %c1, %0" : "=r"(segment) : "i"(EBDA_SEGMENT));
    return (uintptr_t)segment << 4;
}

const void *
bios_find(const char *signature, size_t len)
{
    uintptr_t ebda = ebda_address();
    const void *found = ebda ? find_in(ebda, EBDA_SIZE, signature, len) : NULL;

    if (!found)
        found = find_in(BASE_END - BASE_SIZE, BASE_SIZE, signature, len);
    return found ? found : find_in(ROM_START, ROM_SIZE, signature, len);
}

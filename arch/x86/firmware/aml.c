/*
 * The package \_S5 (ACPI 6.4, 7.4.2.6) tells how to switch a PC off, and a device description
 * where QEMU's microvm has its power button. Firmware writes both as constants, so they are
 * looked for as bytes: a whole AML interpreter for four numbers would be larger than this
 * kernel.
 */
#include "arch/x86/firmware/aml.h"
#include "kernel/kernel.h"
#include "kernel/string.h"

#define AML_NAME         0x08
#define AML_PACKAGE      0x12
#define AML_ZERO         0x00
#define AML_ONE          0x01
#define AML_BYTE_PREFIX  0x0a
#define AML_WORD_PREFIX  0x0b
#define AML_DWORD_PREFIX 0x0c

/* One constant of AML (20.2.3) at *at, which moves behind it; -EINVAL for anything else. */
static int
aml_constant(const uint8_t *aml, size_t len, size_t *at)
{
    if (*at >= len)
        return -EINVAL;
    uint8_t op = aml[(*at)++];
    if (op == AML_ZERO || op == AML_ONE)
        return op;
    size_t size = op == AML_BYTE_PREFIX    ? 1
                  : op == AML_WORD_PREFIX  ? 2
                  : op == AML_DWORD_PREFIX ? 4
                                           : 0;
    if (!size || len - *at < size)
        return -EINVAL;
    int value = aml[*at]; /* a sleep type has 3 bits: the lowest byte is all of it */
    *at += size;
    return value;
}

/* The two numbers of the package that begins at `at` (20.2.5.4: PackageOp, length in one to
 * four bytes, number of elements, elements). */
static int
read_package(const uint8_t *aml, size_t len, size_t at, uint8_t types[2])
{
    if (at + 1 >= len || aml[at] != AML_PACKAGE)
        return -EINVAL;
    at += 2u + (aml[at + 1] >> 6);
    if (at >= len || aml[at++] < 2)
        return -EINVAL;
    for (unsigned i = 0; i < 2; i++) {
        int value = aml_constant(aml, len, &at);
        if (value < 0 || value > 7)
            return -EINVAL;
        types[i] = (uint8_t)value;
    }
    return 0;
}

int
aml_find_s5(const uint8_t *aml, size_t len, uint8_t types[2])
{
    /* NameOp, then the name, with or without the root prefix before it. */
    for (size_t at = 0; len >= 5 && at <= len - 5; at++) {
        if (aml[at] != AML_NAME)
            continue;
        size_t name = at + 1 + (aml[at + 1] == '\\');
        if (len - name < 4 || memcmp(aml + name, "_S5_", 4) != 0)
            continue;
        if (read_package(aml, len, name + 4, types) == 0)
            return 0;
    }
    return -ENOENT;
}

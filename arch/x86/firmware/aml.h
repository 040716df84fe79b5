/*
 * As much of ACPI's machine language as can be had without an interpreter.
 */
#ifndef ARCH_X86_FIRMWARE_AML_H
#define ARCH_X86_FIRMWARE_AML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The sleep types of state S5 from the `len` bytes of AML that follow a table's header:
 * types[0] for PM1a, types[1] for PM1b. -ENOENT if there is no package that can be read. */
int aml_find_s5(const uint8_t *aml, size_t len, uint8_t types[2]);

/* What the current resources (_CRS) of a device name first of each kind. */
struct aml_device {
    uint32_t base, size; /* a window of memory; of _CRS, else an operation region */
    uint32_t gsi;        /* global system interrupt */
    bool level;          /* it is level-triggered */
};

/*
 * The first device at or behind byte *at that has this hardware id (_HID, a string) and whose
 * resources are constants with both a window and an interrupt; *at moves behind it. -ENOENT,
 * *out untouched, if there is none.
 */
int aml_next_device(const uint8_t *aml, size_t len, const char *hid, size_t *at,
                    struct aml_device *out);

#endif

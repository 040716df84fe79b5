/*
 * ACPI's tables (specification 6.4, chapter 5): finding and checking them. What a table says is
 * read by whoever wants it: madt.h, power.h, and the virtio-mmio bus, which looks through the
 * AML code.
 *
 * The tables may lie anywhere below 4 GiB, so they are looked for while paging is off and what
 * is wanted of them is copied; only those of AML code can be had later as well.
 */
#ifndef ARCH_X86_FIRMWARE_ACPI_H
#define ARCH_X86_FIRMWARE_ACPI_H

#include <stddef.h>
#include <stdint.h>

/* The header of every table but the root pointer (5.2.6). */
struct acpi_table {
    char signature[4];
    uint32_t length; /* with this header */
    uint8_t revision, sum;
    char oem[6], oem_table[8];
    uint32_t oem_revision, creator, creator_revision;
} __attribute__((packed));

/* A register wherever the hardware has it (5.2.3.2). */
struct acpi_address {
    uint8_t space; /* ACPI_SPACE_* */
    uint8_t bits, shift, access;
    uint64_t address;
} __attribute__((packed));

#define ACPI_SPACE_MEMORY 0
#define ACPI_SPACE_IO     1

/* The fixed ACPI description table, signature "FACP" (5.2.9); older ones are shorter. */
struct acpi_fadt {
    struct acpi_table header;
    uint32_t facs, dsdt;
    uint8_t reserved, profile;
    uint16_t sci;
    uint32_t smi_command;
    uint8_t acpi_enable, acpi_disable, s4_bios, pstate;
    uint32_t pm1a_event, pm1b_event, pm1a_control, pm1b_control;
    uint32_t pm2_control, pm_timer, gpe0, gpe1;
    uint8_t pm1_event_len, pm1_control_len, pm2_control_len, pm_timer_len;
    uint8_t gpe0_len, gpe1_len, gpe1_base, cst;
    uint16_t c2_latency, c3_latency, flush_size, flush_stride;
    uint8_t duty_offset, duty_width, day_alarm, month_alarm, century;
    uint16_t boot_flags;
    uint8_t reserved2;
    uint32_t flags;
    struct acpi_address reset;
    uint8_t reset_value;
    uint8_t reserved3[3];
    uint64_t wide_facs, wide_dsdt; /* 64-bit twins of what stands above */
    struct acpi_address wide_blocks[8];
    struct acpi_address sleep_control, sleep_status;
} __attribute__((packed));

_Static_assert(offsetof(struct acpi_fadt, sleep_control) == 244, "FADT layout");

#define ACPI_FADT_MIN 76 /* bytes: up to pm_timer, which ACPI 1.0 has too */

/* True if the table is long enough to have `field`. */
#define ACPI_FADT_HAS(fadt, field) \
    ((fadt)->header.length >= offsetof(struct acpi_fadt, field) + sizeof((fadt)->field))

#define ACPI_FADT_BUTTON  (1u << 4)  /* flags: the power button is not in the fixed hardware */
#define ACPI_FADT_RESET   (1u << 10) /* flags: `reset` is there */
#define ACPI_FADT_REDUCED (1u << 20) /* flags: no fixed hardware, `sleep_control` instead */

/* Find the list of tables. Once, while paging is off. */
void acpi_init(void);

/* The first table with this signature that has `least` bytes or more and the right sum, NULL if
 * there is none. Only while paging is off. */
const void *acpi_find(const char *signature, size_t least);

/* The next block of AML code and its length in bytes: the DSDT's, then those of the SSDTs,
 * which add to it (5.2.11). *at begins with 0 and moves on; NULL after the last. From the
 * platform's init on, in any context that may allocate; also with paging off. */
const uint8_t *acpi_aml(unsigned *at, size_t *len);

#endif

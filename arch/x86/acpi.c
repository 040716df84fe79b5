/*
 * Switching a PC off by ACPI (specification 6.4). What that takes is two numbers from the
 * package \_S5 and a register from the FADT. The package is the one thing wanted of the
 * DSDT, and firmware writes it as constants, so it is looked for as bytes: a whole AML
 * interpreter for two numbers would be larger than this kernel.
 *
 * Tables are the firmware's, and are checked (signature, length, sum) before a field is used.
 */
#include "arch/x86/acpi.h"
#include "arch/x86/io.h"
#include "kernel/boot_info.h"
#include "kernel/kernel.h"
#include "kernel/string.h"

/* Where the root pointer can be (5.2.5.1): the BIOS's last 128 KiB, or the first KiB of its
 * extended data area, whose segment stands at 0x40e. */
#define EBDA_SEGMENT 0x40e
#define EBDA_SIZE    1024
#define BIOS_START   0xe0000
#define BIOS_SIZE    0x20000
#define RSDP_ALIGN   16
#define RSDP_SUMMED  20

#define TABLE_MAX (1u << 20) /* bytes; real ones have some ten thousand */

#define PM1_SCI_ENABLED 0x0001
#define PM1_SLEEP_TYPE  10
#define PM1_SLEEP       (1u << 13)

#define ENABLE_POLLS 1000000
#define OFF_POLLS    1000000

#define AML_NAME         0x08
#define AML_PACKAGE      0x12
#define AML_ZERO         0x00
#define AML_ONE          0x01
#define AML_BYTE_PREFIX  0x0a
#define AML_WORD_PREFIX  0x0b
#define AML_DWORD_PREFIX 0x0c

struct rsdp {
    char signature[8];
    uint8_t sum;
    char oem[6];
    uint8_t revision;
    uint32_t rsdt;
} __attribute__((packed));

struct table {
    char signature[4];
    uint32_t length; /* with this header */
    uint8_t revision, sum;
    char oem[6], oem_table[8];
    uint32_t oem_revision, creator, creator_revision;
} __attribute__((packed));

struct rsdt {
    struct table header;
    uint32_t tables[];
} __attribute__((packed));

struct fadt {
    struct table header;
    uint32_t facs, dsdt;
    uint8_t reserved, profile;
    uint16_t sci;
    uint32_t smi_command;
    uint8_t acpi_enable, acpi_disable, s4_bios, pstate;
    uint32_t pm1a_event, pm1b_event, pm1a_control, pm1b_control;
} __attribute__((packed));

static bool
sums_to_zero(const void *data, size_t len)
{
    const uint8_t *bytes = data;
    uint8_t sum = 0;

    for (size_t i = 0; i < len; i++)
        sum = (uint8_t)(sum + bytes[i]);
    return sum == 0;
}

/* The table at a physical address if it is one: signature, at least `least` bytes, sum. */
static const struct table *
check_table(uint32_t at, const char *signature, size_t least)
{
    const struct table *t = (const void *)(uintptr_t)at;

    if (!at || at > UINT32_MAX - TABLE_MAX || memcmp(t->signature, signature, 4) != 0)
        return NULL;
    uint32_t length = t->length;
    if (length < least || length > TABLE_MAX || !sums_to_zero(t, length))
        return NULL;
    return t;
}

static const struct rsdp *
find_rsdp_in(uintptr_t start, size_t size)
{
    for (uintptr_t at = start; at + sizeof(struct rsdp) <= start + size; at += RSDP_ALIGN) {
        const struct rsdp *r = (const void *)at;
        if (memcmp(r->signature, "RSD PTR ", 8) == 0 && sums_to_zero(r, RSDP_SUMMED))
            return r;
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

static const struct rsdp *
find_rsdp(void)
{
    /* A loader that knows says so; the BIOS has it in one of two places (ACPI 6.4, 5.2.5.1). */
    if (boot_info.rsdp)
        return find_rsdp_in(boot_info.rsdp, sizeof(struct rsdp));

    uintptr_t ebda = ebda_address();
    const struct rsdp *r = ebda ? find_rsdp_in(ebda, EBDA_SIZE) : NULL;

    return r ? r : find_rsdp_in(BIOS_START, BIOS_SIZE);
}

static const struct fadt *
find_fadt(void)
{
    const struct rsdp *rsdp = find_rsdp();
    const struct rsdt *rsdt;

    if (!rsdp)
        return NULL;
    rsdt = (const void *)check_table(rsdp->rsdt, "RSDT", sizeof(*rsdt));
    if (!rsdt)
        return NULL;
    size_t n = (rsdt->header.length - sizeof(rsdt->header)) / sizeof(rsdt->tables[0]);
    for (size_t i = 0; i < n; i++) {
        const struct table *t = check_table(rsdt->tables[i], "FACP", sizeof(struct fadt));
        if (t)
            return (const void *)t;
    }
    return NULL;
}

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
acpi_find_s5(const uint8_t *aml, size_t len, uint8_t types[2])
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

/* ACPI mode, where the firmware left the machine in legacy mode (4.8.2.5). */
static void
enable(const struct fadt *f)
{
    if (!f->smi_command || f->smi_command > UINT16_MAX || !f->acpi_enable)
        return;
    io_out8((uint16_t)f->smi_command, f->acpi_enable);
    for (unsigned i = 0; i < ENABLE_POLLS; i++)
        if (io_in16((uint16_t)f->pm1a_control) & PM1_SCI_ENABLED)
            return;
}

void
acpi_power_off(void)
{
    const struct fadt *f = find_fadt();
    uint8_t types[2];

    if (!f || !f->pm1a_control || f->pm1a_control > UINT16_MAX || f->pm1b_control > UINT16_MAX)
        return;
    const struct table *dsdt = check_table(f->dsdt, "DSDT", sizeof(*dsdt));
    if (!dsdt || acpi_find_s5((const uint8_t *)(dsdt + 1), dsdt->length - sizeof(*dsdt), types))
        return;
    uint16_t control = io_in16((uint16_t)f->pm1a_control);
    if (!(control & PM1_SCI_ENABLED))
        enable(f);
    io_out16((uint16_t)f->pm1a_control, (uint16_t)(types[0] << PM1_SLEEP_TYPE | PM1_SLEEP));
    if (f->pm1b_control)
        io_out16((uint16_t)f->pm1b_control, (uint16_t)(types[1] << PM1_SLEEP_TYPE | PM1_SLEEP));
    for (unsigned i = 0; i < OFF_POLLS; i++)
        io_in16((uint16_t)f->pm1a_control); /* a real machine takes its time */
}

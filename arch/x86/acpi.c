/*
 * Finding ACPI's tables (specification 6.4, 5.2): the root pointer, from the loader or from the
 * two places where a BIOS leaves it, and the list that it names.
 *
 * Tables are the firmware's, and are checked (signature, length, sum) before a field is used.
 */
#include "arch/x86/acpi.h"
#include "kernel/boot_info.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "kernel/string.h"

/* Where the root pointer can be (5.2.5.1): the BIOS's last 128 KiB, or the first KiB of its
 * extended data area, whose segment stands at 0x40e. */
#define EBDA_SEGMENT 0x40e
#define EBDA_SIZE    1024
#define BIOS_START   0xe0000
#define BIOS_SIZE    0x20000
#define RSDP_ALIGN   16
#define RSDP_SUMMED  20

#define TABLE_MAX  (1u << 20) /* bytes; real ones have some ten thousand */
#define TABLES_MAX 256

struct rsdp {
    char signature[8];
    uint8_t sum;
    char oem[6];
    uint8_t revision;
    uint32_t rsdt;
    /* From revision 2 on: */
    uint32_t length;
    uint64_t xsdt;
    uint8_t whole_sum, reserved[3];
} __attribute__((packed));

/* The list of tables and the size of its entries: 4 bytes (RSDT) or 8 (XSDT). */
static const struct acpi_table *list;
static size_t entry_size;

/* By far the longest table, so its sum is only made when it is asked for. */
static struct {
    uintptr_t at; /* of the header; 0: none */
    size_t length;
} dsdt;

static bool
sums_to_zero(const void *data, size_t len)
{
    const uint8_t *bytes = data;
    uint8_t sum = 0;

    for (size_t i = 0; i < len; i++)
        sum = (uint8_t)(sum + bytes[i]);
    return sum == 0;
}

/* The table at a physical address by its header alone: signature, at least `least` bytes. */
static const struct acpi_table *
table_at(uint64_t at, const char *signature, size_t least)
{
    if (!at || at > UINT32_MAX - TABLE_MAX)
        return NULL;
    const struct acpi_table *t = (const void *)(uintptr_t)at;
    if (memcmp(t->signature, signature, sizeof(t->signature)) != 0)
        return NULL;
    return t->length < least || t->length > TABLE_MAX ? NULL : t;
}

/* The same with the right sum. */
static const struct acpi_table *
check_table(uint64_t at, const char *signature, size_t least)
{
    const struct acpi_table *t = table_at(at, signature, least);

    return t && sums_to_zero(t, t->length) ? t : NULL;
}

static const struct rsdp *
find_rsdp_in(uintptr_t start, size_t size)
{
    for (uintptr_t at = start; at + RSDP_SUMMED <= start + size; at += RSDP_ALIGN) {
        const struct rsdp *r = (const void *)at;
        if (r->signature[0] == 'R' && /* spares thousands of calls */
            memcmp(r->signature, "RSD PTR ", sizeof(r->signature)) == 0 &&
            sums_to_zero(r, RSDP_SUMMED))
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
    /* A loader that knows says so; the BIOS has it in one of two places (5.2.5.1). */
    if (boot_info.rsdp)
        return find_rsdp_in(boot_info.rsdp, RSDP_SUMMED);

    uintptr_t ebda = ebda_address();
    const struct rsdp *r = ebda ? find_rsdp_in(ebda, EBDA_SIZE) : NULL;

    return r ? r : find_rsdp_in(BIOS_START, BIOS_SIZE);
}

/* The list that the root pointer names: of two the one with 64-bit entries, if it is within
 * reach (5.2.8). */
static void
find_list(void)
{
    const struct rsdp *rsdp = find_rsdp();

    list = NULL;
    if (!rsdp)
        return;
    if (rsdp->revision >= 2 && rsdp->length >= sizeof(*rsdp) &&
        sums_to_zero(rsdp, sizeof(*rsdp)))
        list = check_table(rsdp->xsdt, "XSDT", sizeof(*list));
    entry_size = sizeof(uint64_t);
    if (list)
        return;
    list = check_table(rsdp->rsdt, "RSDT", sizeof(*list));
    entry_size = sizeof(uint32_t);
}

const void *
acpi_find(const char *signature, size_t least)
{
    if (!list)
        return NULL;
    size_t n = (list->length - sizeof(*list)) / entry_size;
    for (size_t i = 0; i < MIN(n, TABLES_MAX); i++) {
        uint64_t at = 0;
        memcpy(&at, (const char *)(list + 1) + i * entry_size, entry_size);
        const struct acpi_table *t = check_table(at, signature, least);
        if (t)
            return t;
    }
    return NULL;
}

void
acpi_init(void)
{
    find_list();
    dsdt.at = 0;
    const struct acpi_fadt *fadt = acpi_find("FACP", ACPI_FADT_LEAST);
    if (!fadt)
        return;
    /* A table may give the address in 32 bits or in 64 (5.2.9, X_DSDT). */
    const struct acpi_table *t = table_at(fadt->dsdt, "DSDT", sizeof(*t));
    if (!t && ACPI_FADT_HAS(fadt, wide_dsdt))
        t = table_at(fadt->wide_dsdt, "DSDT", sizeof(*t));
    if (!t)
        return;
    dsdt.at = (uintptr_t)t;
    dsdt.length = t->length;
}

const uint8_t *
acpi_dsdt(size_t *len)
{
    const struct acpi_table *t = (const void *)dsdt.at;
    struct memory_info memory;

    if (!t)
        return NULL;
    /* What lies below the end of RAM is mapped; firmware likes to put tables right behind. */
    memory_info(&memory);
    uintptr_t end = dsdt.at + dsdt.length, beyond = MAX(dsdt.at, memory.highest);
    if (beyond < end && !platform->map_device(beyond, end - beyond))
        return NULL;
    if (!sums_to_zero(t, dsdt.length))
        return NULL;
    *len = dsdt.length - sizeof(*t);
    return (const uint8_t *)(t + 1);
}

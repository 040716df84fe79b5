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
#define BLOCKS_MAX 32 /* tables of AML code; large machines have about twenty */

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

/* Tables of AML code, the DSDT first. By far the longest of all, so their sums are only made
 * when they are asked for. */
static struct block {
    uintptr_t at; /* of the header */
    size_t length;
} blocks[BLOCKS_MAX];
static unsigned nr_blocks;

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

static size_t
list_length(void)
{
    return list ? MIN((list->length - sizeof(*list)) / entry_size, TABLES_MAX) : 0;
}

/* The address of table i of the list. */
static uint64_t
list_entry_at(size_t i)
{
    uint64_t at = 0;

    memcpy(&at, (const char *)(list + 1) + i * entry_size, entry_size);
    return at;
}

const void *
acpi_find(const char *signature, size_t least)
{
    for (size_t i = 0; i < list_length(); i++) {
        const struct acpi_table *t = check_table(list_entry_at(i), signature, least);
        if (t)
            return t;
    }
    return NULL;
}

static void
add_block(uint64_t at, const char *signature)
{
    const struct acpi_table *t = table_at(at, signature, sizeof(*t));

    if (t && nr_blocks < BLOCKS_MAX)
        blocks[nr_blocks++] = (struct block){(uintptr_t)t, t->length};
}

void
acpi_init(void)
{
    find_list();
    nr_blocks = 0;
    const struct acpi_fadt *fadt = acpi_find("FACP", ACPI_FADT_LEAST);
    /* A table may give the address in 32 bits or in 64 (5.2.9, X_DSDT). */
    if (fadt)
        add_block(fadt->dsdt, "DSDT");
    if (fadt && !nr_blocks && ACPI_FADT_HAS(fadt, wide_dsdt))
        add_block(fadt->wide_dsdt, "DSDT");
    for (size_t i = 0; i < list_length(); i++)
        add_block(list_entry_at(i), "SSDT");
}

/* Within reach and with the right sum. What lies below the end of RAM is mapped; firmware likes
 * to put tables right behind. */
static bool
block_open(const struct block *b)
{
    struct memory_info memory;

    memory_info(&memory);
    uintptr_t end = b->at + b->length, beyond = MAX(b->at, memory.highest);
    if (beyond < end && !platform->map_device(beyond, end - beyond))
        return false;
    return sums_to_zero((const void *)b->at, b->length);
}

const uint8_t *
acpi_aml(unsigned *at, size_t *len)
{
    while (*at < nr_blocks) {
        const struct block *b = &blocks[(*at)++];
        if (!block_open(b))
            continue;
        *len = b->length - sizeof(struct acpi_table);
        return (const uint8_t *)b->at + sizeof(struct acpi_table);
    }
    return NULL;
}

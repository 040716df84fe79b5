/*
 * Finding ACPI's tables (specification 6.4, 5.2): the root pointer, from the loader or from
 * where a BIOS leaves it, and the list that it names.
 *
 * Tables are the firmware's, and are checked (signature, length, sum) before a field is used.
 */
#include "arch/x86/firmware/acpi.h"
#include "arch/x86/firmware/bios.h"
#include "kernel/boot_info.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "kernel/string.h"

#define RSDP_SUMMED 20 /* bytes of the root pointer, as ACPI 1.0 has it */

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

    return t && bios_sum_is_right(t, t->length) ? t : NULL;
}

/* A loader that knows where it is says so; else the BIOS left it somewhere (5.2.5.1). */
static const struct rsdp *
find_rsdp(void)
{
    const struct rsdp *r = (const void *)boot_info.rsdp;

    if (!r)
        return bios_find("RSD PTR ", RSDP_SUMMED);
    bool good = memcmp(r->signature, "RSD PTR ", sizeof(r->signature)) == 0 &&
                bios_sum_is_right(r, RSDP_SUMMED);
    return good ? r : NULL;
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
        bios_sum_is_right(rsdp, sizeof(*rsdp)))
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
    const struct acpi_fadt *fadt = acpi_find("FACP", ACPI_FADT_MIN);
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
    return bios_sum_is_right((const void *)b->at, b->length);
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

/*
 * Page tables. Every address maps to itself; paging is here for protection: text cannot be
 * written, data not executed, page 0 and the guard pages below stacks not touched, and beyond
 * the end of RAM is nothing.
 *
 * Two formats (Intel SDM vol. 3, 4.3 and 4.4). PAE where the CPU has it, since only its entries
 * carry the execute-disable bit; else the plain 32-bit one. Both are two levels here: a
 * directory entry covers 2 or 4 MiB and either maps it whole (a large page) or names a table of
 * 4 KiB pages. Large pages map the bulk, and one is replaced by a table when a part of it has
 * to differ. PAE's third level, four pointers to directories, is fixed at the start.
 */
#include "arch/x86/cpu/paging.h"
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/segments.h"
#include "kernel/cpu.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"

#define PRESENT  0x001ull
#define WRITABLE 0x002ull
#define UNCACHED 0x018ull /* PCD and PWT */
#define USED     0x060ull /* accessed and dirty: spares the CPU setting them */
#define LARGE    0x080ull
#define NX       BIT(63)
#define ADDRESS  0xfffff000ull

/* Both let instructions be fetched; `nx` beside them does not. */
#define READ  (PRESENT | USED)
#define WRITE (PRESENT | USED | WRITABLE)

#define LIMIT BIT(32)

static bool pae, large_pages;
static uint64_t nx;              /* NX where the CPU knows it, else 0 */
static unsigned directory_shift; /* address bits below a directory entry's */
static unsigned table_entries;

/* PAE: four directory pointers, aligned to 32 bytes. Else only the first word counts, as the
 * address of the one directory. */
static uint64_t pointers[4] __attribute__((aligned(32)));

/* ---- entries ---- */

static uint64_t
entry_get(const void *table, unsigned i)
{
    return pae ? ((const uint64_t *)table)[i] : ((const uint32_t *)table)[i];
}

static void
entry_set(void *table, unsigned i, uint64_t value)
{
    if (pae)
        ((volatile uint64_t *)table)[i] = value;
    else
        ((volatile uint32_t *)table)[i] = (uint32_t)value;
}

static void *
entry_table(uint64_t entry)
{
    return (void *)(uintptr_t)(entry & ADDRESS);
}

static uint32_t
large_size(void)
{
    return 1u << directory_shift;
}

static bool
large_aligned(uint64_t at)
{
    return ((uint32_t)at & (large_size() - 1)) == 0;
}

/* The directory that covers an address, made if it is not there; NULL without memory. */
static void *
directory_of(uint64_t at)
{
    uint64_t *pointer = &pointers[pae ? at >> 30 : 0];

    if (!(*pointer & ADDRESS)) {
        void *page = pages_alloc(1);
        if (!page)
            return NULL;
        *pointer = (uintptr_t)page | (pae ? PRESENT : 0);
    }
    return entry_table(*pointer);
}

static unsigned
directory_index(uint64_t at)
{
    return (unsigned)(at >> directory_shift) % table_entries;
}

/* The table of 4 KiB pages under a directory entry. What is not one yet (nothing, or a large
 * page) becomes one that maps the same. NULL without memory. */
static void *
table_of(void *directory, unsigned i)
{
    uint64_t entry = entry_get(directory, i);

    if ((entry & PRESENT) && !(entry & LARGE))
        return entry_table(entry);
    void *table = pages_alloc(1);
    if (!table)
        return NULL;
    if (entry & PRESENT)
        for (unsigned page = 0; page < table_entries; page++)
            entry_set(table, page, (entry & ~LARGE) + page * PAGE_SIZE);
    entry_set(directory, i, (uintptr_t)table | WRITE); /* the pages decide */
    return table;
}

/* ---- ranges ---- */

/* One step of map_range: as much from `at` on as one entry can take. 0, or -ENOMEM. */
static int
map_step(uint64_t at, uint64_t end, uint64_t flags, uint64_t *next)
{
    void *directory = directory_of(at);
    unsigned i = directory_index(at);

    if (!directory)
        return -ENOMEM;
    uint64_t entry = entry_get(directory, i);
    bool has_table = (entry & PRESENT) && !(entry & LARGE);
    if (large_pages && !has_table && large_aligned(at) && end - at >= large_size()) {
        entry_set(directory, i, at | flags | LARGE);
        *next = at + large_size();
        return 0;
    }
    void *table = table_of(directory, i);
    if (!table)
        return -ENOMEM;
    entry_set(table, (unsigned)(at >> PAGE_SHIFT) % table_entries, flags ? at | flags : 0);
    *next = at + PAGE_SIZE;
    return 0;
}

/* Map whole pages with `flags`, 0 for not at all. -ENOMEM half-way leaves the first part
 * changed. */
static int
map_range(uint64_t start, uint64_t end, uint64_t flags)
{
    for (uint64_t at = start; at < end;) {
        int error = map_step(at, end, flags, &at);
        if (error)
            return error;
    }
    return 0;
}

/* After a change of tables in use: forget what the CPU remembers of them, the four directory
 * pointers included (SDM vol. 3, 4.10.4). */
static void
flush(void)
{
    cpu_set_cr3(cpu_cr3());
}

/* ---- start ---- */

static void
choose_format(void)
{
    uint32_t features = cpu_id(1).edx;

    pae = features & CPUID_1_EDX_PAE;
    nx = pae && (cpu_id(0x80000001).edx & CPUID_EXT_EDX_NX) ? NX : 0;
    large_pages = pae || (features & CPUID_1_EDX_PSE);
    directory_shift = pae ? 21 : 22;
    table_entries = pae ? 512 : 1024;
}

static uint64_t
page_down(const char *symbol)
{
    return (uintptr_t)symbol & ~(uint64_t)(PAGE_SIZE - 1);
}

/* From the bottom up, so that the bulk can take large pages wherever the image is not. */
static int
map_all(void)
{
    struct memory_info memory;
    uint64_t text = page_down(image_start), rodata = PAGE_ALIGN((uintptr_t)text_end);
    uint64_t data = page_down(data_start);

    memory_info(&memory);
    int error = map_range(PAGE_SIZE, text, WRITE | nx);
    if (!error)
        error = map_range(text, rodata, READ);
    if (!error)
        error = map_range(rodata, data, READ | nx);
    if (!error)
        error = map_range(data, memory.highest, WRITE | nx);
    return error;
}

int
paging_init(void)
{
    choose_format();
    int error = map_all();
    if (error)
        return error;
    /* PAE's large pages need no PSE (SDM vol. 3, 4.1.4), but v86 believes they do. */
    cpu_set_cr4(cpu_cr4() | (pae ? CR4_PAE : 0) | (large_pages ? CR4_PSE : 0));
    if (nx)
        cpu_set_msr(MSR_EFER, cpu_msr(MSR_EFER) | EFER_NXE);
    uint32_t top = pae ? (uint32_t)(uintptr_t)pointers : (uint32_t)pointers[0];
    cpu_set_cr3(top);
    segments_set_cr3(top);
    cpu_set_cr0(cpu_cr0() | CR0_PG | CR0_WP);
    return 0;
}

void
paging_off(void)
{
    cpu_set_cr0(cpu_cr0() & ~CR0_PG);
}

/* ---- changes ---- */

/* Put tables under both ends of a range inside one large page, so that nothing can fail
 * between its first and its last page. */
static int
split_ends(uint64_t start, uint64_t end)
{
    uint64_t ends[] = {start, end};

    for (unsigned i = 0; i < ARRAY_SIZE(ends); i++) {
        if (large_aligned(ends[i]))
            continue;
        void *directory = directory_of(ends[i]);
        if (!directory || !table_of(directory, directory_index(ends[i])))
            return -ENOMEM;
    }
    return 0;
}

int
paging_protect(void *base, size_t len, enum page_prot prot)
{
    const uint64_t flags[] = {
        [PAGE_NONE] = 0,  [PAGE_RO] = READ | nx, [PAGE_RW] = WRITE | nx,
        [PAGE_RX] = READ, [PAGE_RWX] = WRITE,
    };
    uint64_t start = (uintptr_t)base, end = start + len;

    if (start % PAGE_SIZE || len % PAGE_SIZE || !pages_contain(base, len))
        return -EINVAL;
    int error = split_ends(start, end);
    if (error)
        return error;
    error = map_range(start, end, flags[prot]);
    flush();
    return error;
}

void *
paging_map_device(uint64_t phys, size_t len)
{
    if (len == 0 || phys >= LIMIT || len > LIMIT - phys)
        return NULL;
    if (!(cpu_cr0() & CR0_PG))
        return (void *)(uintptr_t)phys; /* everything is within reach */
    uint64_t start = phys & ~(uint64_t)(PAGE_SIZE - 1);
    uint64_t end = (phys + len + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
    struct memory_info memory;

    /* Device memory never lies in RAM; a device that says so would map our own memory. */
    memory_info(&memory);
    if (start < memory.highest)
        return NULL;
    int error = map_range(start, end, WRITE | nx | UNCACHED);
    flush();
    return error ? NULL : (void *)(uintptr_t)phys;
}

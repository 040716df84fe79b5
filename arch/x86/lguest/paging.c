/*
 * Page tables under lguest, for protection alone, as on a PC (arch/x86/cpu/paging.c): every address
 * maps to itself, in two levels of the plain 32-bit format. The host has them in force by a shadow of
 * its own, so whatever changes has to be told (docs/lguest.md, page tables). The tables lie one behind
 * the other, with room for all there is, so an entry is found by its page's number; each is filled
 * when the first of its pages is given out, which a start would notice in a large machine.
 */
#include "arch/x86/lguest/lguest.h"
#include "arch/x86/lguest/call.h"
#include "arch/x86/lguest/parts.h"
#include "kernel/boot_info.h"
#include "kernel/cpu.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/string.h"

/* Intel SDM vol. 3, 4.3. Accessed and dirty from the start spare the host a fault each. */
#define READ    0x61u
#define WRITE   0x63u
#define ENTRIES (PAGE_SIZE / sizeof(uint32_t))
#define SPAN    (ENTRIES * PAGE_SIZE) /* bytes under a table */

static uint32_t *directory; /* NULL: no protection */
static uint32_t *entries;   /* behind it, one for each page */
static uintptr_t reached;   /* below, all that was ever given out; 0: the host has no tables yet */

static void
set_entries(uintptr_t start, uintptr_t end, uint32_t flags)
{
    for (; start < end; start += PAGE_SIZE)
        entries[start >> PAGE_SHIFT] = flags ? (uint32_t)start | flags : 0;
}

static void
cover(uintptr_t start, uintptr_t end)
{
    for (size_t i = start / SPAN; i * SPAN < end; i++) {
        if (directory[i])
            continue;
        set_entries(i * SPAN, (i + 1) * SPAN, WRITE);
        directory[i] = (uint32_t)(uintptr_t)(entries + i * ENTRIES) | WRITE;
        if (reached)
            lguest_call(LHCALL_SET_PGD, (uint32_t)(uintptr_t)directory, (uint32_t)i, 0);
    }
}

static void
reach(uintptr_t end)
{
    cover(reached, end);
    reached = MAX(reached, end);
}

void
lguest_paging_init(void)
{
    uintptr_t devices = lguest_device_page(), end = devices + LGUEST_DEVICE_PAGES * PAGE_SIZE;
    size_t tables = (end + SPAN - 1) / SPAN;

    directory = pages_alloc_raw(1 + tables);
    if (!directory)
        return;
    entries = directory + ENTRIES;
    memset(directory, 0, PAGE_SIZE);
    cover(0, MAX((uintptr_t)image_end, (uintptr_t)(entries + tables * ENTRIES)));
    cover(devices, end);
    for (unsigned i = 0; i < boot_info.nr_modules; i++)
        cover(boot_info.modules[i].base, boot_info.modules[i].base + boot_info.modules[i].size);
    set_entries(0, LGUEST_LOW_MEMORY, 0);
    set_entries((uintptr_t)image_start, (uintptr_t)data_start, READ);
    lguest_call(LHCALL_NEW_PGTABLE, (uint32_t)(uintptr_t)directory, 0, 0);
    reached = (uintptr_t)image_end;
    pages_reach = reach;
}

int
lguest_protect(void *base, size_t len, enum page_prot prot)
{
    uintptr_t at = (uintptr_t)base, end = at + len;

    if (!directory)
        return -ENOTSUP;
    if (at % PAGE_SIZE || len % PAGE_SIZE || !pages_contain(base, len))
        return -EINVAL;
    cover(at, end);
    set_entries(at, end, prot == PAGE_NONE ? 0 : prot == PAGE_RO || prot == PAGE_RX ? READ : WRITE);
    for (uintptr_t next; at < end; at = next) {
        next = MIN(end, (at / SPAN + 1) * SPAN);
        bool one = next - at == PAGE_SIZE;
        lguest_call(one ? LHCALL_SET_PTE : LHCALL_SET_PGD, (uint32_t)(uintptr_t)directory,
                    (uint32_t)(one ? at : at / SPAN), entries[at >> PAGE_SHIFT]);
    }
    return 0;
}

/*
 * Addresses for functions that no firmware gave any (qboot starts an image without touching PCI):
 * each BAR is sized and placed from the top of the PC's usual windows down, naturally aligned
 * (PCI Local Bus Specification 3.0, 6.2.5.1). Memory: between the end of RAM and the first I/O
 * APIC, as QEMU's pc and q35 and their firmware have it; ACPI says the same in AML code, which
 * nobody here can run. Ports: from 0xc000 up, above all that is fixed on a PC. What the memory map,
 * other functions, bridges or the host bridge have there is left alone, and what has an address
 * keeps it.
 */
#include "arch/x86/pci/place.h"
#include "kernel/boot_info.h"
#include "kernel/kernel.h"
#include "kernel/list.h"
#include "kernel/memory.h"

#define MEMORY_END 0xfec00000u /* where PCs have the first I/O APIC */
#define PORTS      0xc000u
#define PORTS_END  0x10000u

/* Windows of a PCI-PCI bridge (PCI-to-PCI Bridge Architecture 1.2, 3.2.5.6 to 3.2.5.10). */
#define BRIDGE_IO           0x1c
#define BRIDGE_MEMORY       0x20
#define BRIDGE_PREFETCHABLE 0x24
#define BRIDGE_HIGH         0x28 /* upper half of a prefetchable base */

/* The host bridge of q35 (Intel 3 Series data sheet, 5.1.15): where configuration space lies. */
#define Q35_HOST      0x29c08086
#define Q35_ECAM      0x60
#define Q35_ECAM_ON   0x1u
#define Q35_ECAM_SIZE 0x10000000u

struct range {
    struct list link;
    bool io;
    uint64_t base, size;
};

static struct list taken = LIST_INIT(taken);
static bool known;           /* was everything looked at? */
static bool short_of_memory; /* not all that is taken is in the list */
static uint64_t ram_end;     /* below 4 GiB */

static void
take(bool io, uint64_t base, uint64_t size)
{
    struct range *r = kmalloc(sizeof(*r));

    if (!r) {
        short_of_memory = true;
        return;
    }
    *r = (struct range){.io = io, .base = base, .size = size};
    list_append(&taken, &r->link);
}

/* From the base and limit registers of a bridge; a limit below the base closes the window. */
static void
take_window(bool io, uint64_t base, uint64_t last)
{
    if (base <= last)
        take(io, base, last - base + 1);
}

static void
take_bridge(const struct pci_device *d)
{
    uint32_t io = pci_read16(d, BRIDGE_IO), memory = pci_read32(d, BRIDGE_MEMORY);
    uint32_t more = pci_read32(d, BRIDGE_PREFETCHABLE);

    take_window(true, (io & 0xf0) << 8, (io & 0xf000) | 0xfff);
    take_window(false, (memory & 0xfff0) << 16, (memory & 0xfff00000) | 0xfffff);
    if (!(more & 0xf) || pci_read32(d, BRIDGE_HIGH) == 0)
        take_window(false, (more & 0xfff0) << 16, (more & 0xfff00000) | 0xfffff);
}

static void
take_function(const struct pci_device *d)
{
    struct pci_bar bar;

    for (unsigned i = 0; i < PCI_NR_BARS; i += bar.wide ? 2 : 1)
        if (pci_bar(d, i, &bar) == 0 && bar.size)
            take(bar.io, bar.base, bar.size);
    if (pci_is_bridge(d))
        take_bridge(d);
    uint32_t ecam = pci_read32(d, PCI_VENDOR) == Q35_HOST ? pci_read32(d, Q35_ECAM) : 0;
    if (ecam & Q35_ECAM_ON)
        take(false, ecam & ~(Q35_ECAM_SIZE - 1), Q35_ECAM_SIZE);
}

/* RAM ends the window below; what else the memory map has there is taken. */
static void
take_map(void)
{
    ram_end = 1u << 20;
    for (unsigned i = 0; i < boot_info.nr_ranges; i++) {
        const struct boot_range *r = &boot_info.ranges[i];
        if (r->base >= MEMORY_END)
            continue;
        if (r->type == BOOT_MEM_USABLE)
            ram_end = MAX(ram_end, r->base + r->size);
        else
            take(false, r->base, r->size);
    }
}

static void
look_around(void)
{
    if (known)
        return;
    known = true;
    take_map();
    pci_scan(take_function);
}

static const struct range *
in_the_way(bool io, uint64_t base, uint64_t size)
{
    list_foreach(it, &taken)
    {
        const struct range *r = container_of(it, struct range, link);
        if (r->io == io && base < r->base + r->size && r->base < base + size)
            return r;
    }
    return NULL;
}

/* The highest free range of that size, a power of 2, between first and end; 0 if there is none. */
static uint64_t
find(bool io, uint64_t size, uint64_t first, uint64_t end)
{
    const struct range *other;

    while (end > first && size <= end - first) {
        uint64_t base = (end - size) & -size;
        if (base < first)
            break;
        if (!(other = in_the_way(io, base, size)))
            return base;
        end = other->base;
    }
    return 0;
}

static bool
place(const struct pci_device *d, unsigned index, const struct pci_bar *want)
{
    uint64_t base = want->io ? find(true, want->size, PORTS, PORTS_END)
                             : find(false, want->size, ram_end, MEMORY_END);
    struct pci_bar got;

    if (!base || short_of_memory)
        return false;
    pci_bar_set(d, index, want, (uint32_t)base);
    take(want->io, base, want->size);
    return pci_bar(d, index, &got) == 0 && got.base == base;
}

int
pci_place(struct pci_device *d)
{
    struct pci_bar bar;

    /* Firmware lets a function decode addresses once it has some. */
    if (pci_read16(d, PCI_COMMAND) & (PCI_COMMAND_IO | PCI_COMMAND_MEMORY))
        return 0;
    for (unsigned i = 0; i < PCI_NR_BARS; i += bar.wide ? 2 : 1) {
        if (pci_bar(d, i, &bar) != -ENOENT)
            continue;
        if (d->bus != 0)
            return -ENOTSUP;
        look_around();
        if (!place(d, i, &bar))
            return -ENOSPC;
        d->placed = true;
    }
    return 0;
}

void
pci_place_end(void)
{
    struct list *next;

    while ((next = list_pop(&taken)))
        kfree(container_of(next, struct range, link));
    known = short_of_memory = false;
}

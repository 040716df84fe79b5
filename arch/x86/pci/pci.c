/*
 * PCI configuration by mechanism #1: an address in one port, the data in another (PCI Local
 * Bus Specification 3.0, 3.2.2.3.2). Addresses are the firmware's choice: a PC's BIOS has
 * numbered the buses and placed the BARs before the loader ran, and both are taken over; where
 * it has not, place.c does the second.
 */
#include "arch/x86/pci/pci.h"
#include "arch/x86/cpu/io.h"
#include "arch/x86/irq/lines.h"
#include "arch/x86/pci/piix.h"
#include "kernel/kernel.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc
#define CONFIG_ENABLE  0x80000000u

#define VENDOR_NONE 0xffff

#define HEADER_TYPE_MASK     0x7f
#define HEADER_TYPE_NORMAL   0x00
#define HEADER_TYPE_BRIDGE   0x01
#define HEADER_MULTIFUNCTION 0x80

#define STATUS_CAPABILITIES 0x10

#define BAR_IO        0x1u
#define BAR_IO_MASK   0xfffffffcu
#define BAR_TYPE_MASK 0x6u
#define BAR_TYPE_64   0x4u
#define BAR_MEM_MASK  0xfffffff0u

#define NR_BUSES     256
#define NR_SLOTS     32
#define NR_FUNCTIONS 8

#define CAPABILITIES_START 0x40

/* ---- configuration space ---- */

/* Select a register; the port to read or write the `offset & 3`th byte at. Interrupts off until
 * that is done: a handler may select another. */
static uint16_t
select(const struct pci_device *d, unsigned offset)
{
    io_out32(CONFIG_ADDRESS, CONFIG_ENABLE | (uint32_t)d->bus << 16 | (uint32_t)d->slot << 11 |
                                 (uint32_t)d->function << 8 | (offset & 0xfc));
    return (uint16_t)(CONFIG_DATA + (offset & 3));
}

#define CONFIG_ACCESSORS(bits)                                                              \
    uint##bits##_t pci_read##bits(const struct pci_device *d, unsigned offset)              \
    {                                                                                       \
        bool on = platform->irq_save();                                                     \
        uint##bits##_t value = io_in##bits(select(d, offset));                              \
        platform->irq_restore(on);                                                          \
        return value;                                                                       \
    }                                                                                       \
    void pci_write##bits(const struct pci_device *d, unsigned offset, uint##bits##_t value) \
    {                                                                                       \
        bool on = platform->irq_save();                                                     \
        io_out##bits(select(d, offset), value);                                             \
        platform->irq_restore(on);                                                          \
    }

CONFIG_ACCESSORS(8)
CONFIG_ACCESSORS(16)
CONFIG_ACCESSORS(32)

/* The address register keeps its enable bit only where a host bridge decodes it. */
bool
pci_present(void)
{
    io_out32(CONFIG_ADDRESS, CONFIG_ENABLE);
    return io_in32(CONFIG_ADDRESS) == CONFIG_ENABLE;
}

/* ---- scan ---- */

/* Buses in the order in which their bridges were found, which is that of their numbers under
 * one level of bridges. A bus is looked at once, whatever numbers the bridges claim. */
struct scan {
    void (*found)(const struct pci_device *);
    uint8_t buses[NR_BUSES];
    unsigned nr_buses;
    bool known[NR_BUSES];
};

static void
add_bus(struct scan *s, uint8_t bus)
{
    if (s->known[bus])
        return;
    s->known[bus] = true;
    s->buses[s->nr_buses++] = bus;
}

static void
read_ids(struct pci_device *d, uint8_t type)
{
    d->device = pci_read16(d, PCI_DEVICE);
    d->class = pci_read16(d, PCI_CLASS);
    d->interrupt_line = pci_read8(d, PCI_INTERRUPT_LINE);
    if (type != HEADER_TYPE_NORMAL)
        return; /* other headers have something else there */
    d->subsystem_vendor = pci_read16(d, PCI_SUBSYSTEM_VENDOR);
    d->subsystem = pci_read16(d, PCI_SUBSYSTEM_ID);
}

/* True if the function is there and says that the device has more of them. */
static bool
scan_function(struct scan *s, uint8_t bus, uint8_t slot, uint8_t function)
{
    struct pci_device d = {.bus = bus, .slot = slot, .function = function};

    d.vendor = pci_read16(&d, PCI_VENDOR);
    if (d.vendor == VENDOR_NONE)
        return false;
    uint8_t header = pci_read8(&d, PCI_HEADER_TYPE), type = header & HEADER_TYPE_MASK;
    if (type == HEADER_TYPE_BRIDGE)
        add_bus(s, pci_read8(&d, PCI_SECONDARY_BUS)); /* 0, not numbered: known already */
    read_ids(&d, type);
    s->found(&d);
    return header & HEADER_MULTIFUNCTION;
}

static void
scan_bus(struct scan *s, uint8_t bus)
{
    for (uint8_t slot = 0; slot < NR_SLOTS; slot++) {
        if (!scan_function(s, bus, slot, 0))
            continue;
        for (uint8_t function = 1; function < NR_FUNCTIONS; function++)
            scan_function(s, bus, slot, function);
    }
}

void
pci_scan(void (*found)(const struct pci_device *))
{
    struct scan s = {.found = found};

    if (!pci_present())
        return;
    add_bus(&s, 0);
    for (unsigned i = 0; i < s.nr_buses; i++)
        scan_bus(&s, s.buses[i]);
}

/* ---- base address registers ---- */

/* What the register reads back after ones were written to it; it is put back afterwards. */
static uint32_t
probe_register(const struct pci_device *d, unsigned offset, uint32_t value)
{
    pci_write32(d, offset, 0xffffffff);
    uint32_t mask = pci_read32(d, offset);
    pci_write32(d, offset, value);
    return mask;
}

/* The size is the lowest bit that can be set (6.2.5.1); a mask with holes is no size. */
static int
size_of_mask(uint64_t mask, uint64_t *size)
{
    *size = mask & -mask;
    return mask + *size == 0 ? 0 : -EINVAL;
}

static int
decode_io(uint32_t value, uint32_t mask, struct pci_bar *out)
{
    /* A device may leave the upper 16 bits out: a PC has no more ports. */
    uint64_t bits = (mask & BAR_IO_MASK) | 0xffffffffffff0000;
    int error = (mask & BAR_IO_MASK & 0xffff) ? size_of_mask(bits, &out->size) : 0;

    out->base = value & BAR_IO_MASK;
    if (error || out->base + out->size > 0x10000)
        return -EINVAL;
    return 0;
}

static int
decode_memory(uint64_t value, uint64_t mask, struct pci_bar *out)
{
    if (!mask)
        return 0;
    int error = size_of_mask(mask, &out->size);
    out->base = value & mask;
    if (error || out->base + out->size - 1 < out->base)
        return -EINVAL;
    return 0;
}

bool
pci_is_bridge(const struct pci_device *d)
{
    return (pci_read8(d, PCI_HEADER_TYPE) & HEADER_TYPE_MASK) == HEADER_TYPE_BRIDGE;
}

/* A bridge has bus numbers and windows where a device has its last four BARs. */
static unsigned
nr_bars(const struct pci_device *d)
{
    uint8_t type = pci_read8(d, PCI_HEADER_TYPE) & HEADER_TYPE_MASK;

    if (type == HEADER_TYPE_BRIDGE)
        return PCI_NR_BARS_OF_BRIDGE;
    return type == HEADER_TYPE_NORMAL ? PCI_NR_BARS : 0;
}

static int
probe_bar(const struct pci_device *d, unsigned index, bool last, struct pci_bar *out)
{
    unsigned offset = PCI_BAR0 + 4 * index;
    uint32_t value = pci_read32(d, offset);

    *out = (struct pci_bar){.io = value & BAR_IO};
    uint32_t mask = probe_register(d, offset, value);
    if (out->io)
        return decode_io(value, mask, out);

    out->wide = (value & BAR_TYPE_MASK) == BAR_TYPE_64;
    uint64_t full = value & BAR_MEM_MASK, full_mask = mask & BAR_MEM_MASK;
    if (out->wide) {
        if (last)
            return -EINVAL;
        uint32_t high = pci_read32(d, offset + 4);
        full |= (uint64_t)high << 32;
        full_mask |= (uint64_t)probe_register(d, offset + 4, high) << 32;
    } else if (full_mask) {
        full_mask |= 0xffffffff00000000;
    }
    return decode_memory(full, full_mask, out);
}

/* With another value in a BAR a device that decodes would answer for others' addresses. */
static uint16_t
decoding_off(const struct pci_device *d)
{
    uint16_t command = pci_read16(d, PCI_COMMAND);

    pci_write16(d, PCI_COMMAND, command & (uint16_t) ~(PCI_COMMAND_IO | PCI_COMMAND_MEMORY));
    return command;
}

int
pci_bar(const struct pci_device *d, unsigned index, struct pci_bar *out)
{
    unsigned nr = nr_bars(d);

    *out = (struct pci_bar){0};
    if (index >= nr)
        return -EINVAL;
    uint16_t command = decoding_off(d);
    int error = probe_bar(d, index, index + 1 == nr, out);
    pci_write16(d, PCI_COMMAND, command);
    if (error)
        out->size = 0;
    return !error && out->size && !out->base ? -ENOENT : error;
}

void
pci_bar_set(const struct pci_device *d, unsigned index, const struct pci_bar *bar,
            uint32_t base)
{
    uint16_t command = decoding_off(d);

    pci_write32(d, PCI_BAR0 + 4 * index, base);
    if (bar->wide)
        pci_write32(d, PCI_BAR0 + 4 * index + 4, 0);
    pci_write16(d, PCI_COMMAND, command);
}

/* ---- capabilities ---- */

unsigned
pci_capability(const struct pci_device *d, uint8_t id, unsigned after)
{
    if (!(pci_read16(d, PCI_STATUS) & STATUS_CAPABILITIES))
        return 0;
    unsigned at = pci_read8(d, after ? after + 1 : PCI_CAPABILITIES) & 0xfc;
    for (unsigned i = 0; i < PCI_CAPABILITIES_MAX && at >= CAPABILITIES_START; i++) {
        uint16_t head = pci_read16(d, at); /* id, then the next one's offset */
        if ((head & 0xff) == id)
            return at;
        at = head >> 8 & 0xfc;
    }
    return 0;
}

/* ---- use ---- */

void
pci_enable(const struct pci_device *d)
{
    uint16_t command = pci_read16(d, PCI_COMMAND);

    pci_write16(d, PCI_COMMAND,
                command | PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

void
pci_intx(const struct pci_device *d, bool on)
{
    uint16_t command = pci_read16(d, PCI_COMMAND) & (uint16_t)~PCI_COMMAND_INTX_OFF;

    pci_write16(d, PCI_COMMAND, on ? command : command | PCI_COMMAND_INTX_OFF);
}

struct irq_line *
pci_irq(const struct pci_device *d)
{
    /* qboot, which places nothing, notes another input than it routes. */
    struct irq_line *line = d->placed ? piix_irq(d) : NULL;

    if (!line)
        line = lines_intx(d->interrupt_line);
    return line ? line : piix_irq(d);
}

/*
 * PCI configuration space of a PC, by mechanism #1 (PCI Local Bus Specification 3.0,
 * 3.2.2.3.2), and what can be said of a device from it. No policy: who wants which device is
 * the business of the bus that scans (drivers/virtio).
 *
 * What a device says is not trusted: every base, size and offset is checked here, every walk
 * is bounded.
 */
#ifndef ARCH_X86_PCI_PCI_H
#define ARCH_X86_PCI_PCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "kernel/platform.h"

/* Offsets in the configuration header (6.1). */
#define PCI_VENDOR           0x00
#define PCI_DEVICE           0x02
#define PCI_COMMAND          0x04
#define PCI_STATUS           0x06
#define PCI_CLASS            0x0a /* subclass below, class above */
#define PCI_HEADER_TYPE      0x0e
#define PCI_BAR0             0x10
#define PCI_SECONDARY_BUS    0x19 /* of a PCI-PCI bridge */
#define PCI_SUBSYSTEM_VENDOR 0x2c
#define PCI_SUBSYSTEM_ID     0x2e
#define PCI_CAPABILITIES     0x34
#define PCI_INTERRUPT_LINE   0x3c
#define PCI_INTERRUPT_PIN    0x3d

#define PCI_COMMAND_IO       0x0001
#define PCI_COMMAND_MEMORY   0x0002
#define PCI_COMMAND_MASTER   0x0004
#define PCI_COMMAND_INTX_OFF 0x0400

#define PCI_CAPABILITY_VENDOR 0x09
#define PCI_CAPABILITY_MSIX   0x11

#define PCI_NR_BARS           6
#define PCI_NR_BARS_OF_BRIDGE 2

/* Capabilities lie in the 192 bytes behind the header, 4-byte aligned: no list is longer. */
#define PCI_CAPABILITIES_MAX 48

struct pci_device {
    uint8_t bus, slot, function;
    uint16_t vendor, device;
    uint16_t class; /* class << 8 | subclass */
    uint16_t subsystem_vendor, subsystem;
    uint8_t interrupt_line; /* as the firmware left it; 0 or 0xff for none */
    bool placed;            /* by place.c: then the firmware knows no better of its wire */
};

/* A base address register; size 0: not implemented, or nothing that can be used. */
struct pci_bar {
    bool io;
    bool wide;     /* 64 bits: takes the next register too */
    uint64_t base; /* port number or physical address */
    uint64_t size; /* bytes */
};

/* Is there a PCI host bridge at all? */
bool pci_present(void);
/* Call found() for every function of every bus, those behind bridges that the firmware has
 * numbered included; the structure lasts for the call. */
void pci_scan(void (*found)(const struct pci_device *));

/* Configuration space; `offset` below 256 and a multiple of the width. Any context. */
uint8_t pci_read8(const struct pci_device *, unsigned offset);
uint16_t pci_read16(const struct pci_device *, unsigned offset);
uint32_t pci_read32(const struct pci_device *, unsigned offset);
void pci_write8(const struct pci_device *, unsigned offset, uint8_t value);
void pci_write16(const struct pci_device *, unsigned offset, uint16_t value);
void pci_write32(const struct pci_device *, unsigned offset, uint32_t value);

/*
 * Base and size of BAR `index` (below PCI_NR_BARS), found by writing ones with decoding
 * switched off meanwhile (6.2.5.1). -ENOENT: it has no address, all but `base` holds; the rest
 * -EINVAL: an index that the header does not have, a 64-bit register in the last place, a range
 * that wraps or that the bus cannot have.
 */
int pci_bar(const struct pci_device *, unsigned index, struct pci_bar *out);
/* Give BAR `index`, which pci_bar described as `bar`, an address below 4 GiB. */
void pci_bar_set(const struct pci_device *, unsigned index, const struct pci_bar *bar,
                 uint32_t base);
/* To another PCI bus? */
bool pci_is_bridge(const struct pci_device *);

/* Offset of the first capability with this id after the one at `after` (0: from the start),
 * or 0. A list that a device has closed into a ring is walked once in each call; who asks for
 * the next one, and the next, stops after PCI_CAPABILITIES_MAX. */
unsigned pci_capability(const struct pci_device *, uint8_t id, unsigned after);

/* Switch on memory and I/O decoding and bus mastering; INTx stays as it is. */
void pci_enable(const struct pci_device *);
/* Let the device raise its INTx line, or not: the line may be shared, so it stays silent
 * until somebody listens who can silence it. */
void pci_intx(const struct pci_device *, bool on);

/* Where its INTx arrives, NULL if nowhere. */
struct irq_line *pci_irq(const struct pci_device *);

#endif

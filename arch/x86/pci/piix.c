/*
 * The interrupt router of the PIIX3 (Intel 82371SB data sheet, 4.1.10 and 4.2.5): four wires
 * from the PCI slots, each led to an input of the 8259s. A BIOS does that and notes the input
 * in every function's interrupt line register. v86 starts a Multiboot image without one, so
 * that nothing is routed and the registers are zero; then it is done here, function by
 * function.
 *
 * How the slots' pins are joined to the four wires is the board's choice and cannot be read
 * anywhere. This is the order of the boards with this router that emulators play (QEMU's pc,
 * v86): each slot starts one wire further.
 */
#include "arch/x86/pci/piix.h"
#include "arch/x86/cpu/io.h"
#include "arch/x86/irq/pic.h"
#include "kernel/kernel.h"

#define INTEL 0x8086
#define PIIX3 0x7000
#define SLOT  1 /* where those boards have it */

#define PIRQ_ROUTE  0x60 /* one byte for each wire */
#define ROUTE_NONE  0x80
#define NR_WIRES    4
#define LEVEL_FIRST 0x4d0 /* ELCR: a bit for each level-triggered input of the 8259s */

/* Inputs that no ISA device of those boards uses, as their BIOS chooses them. Neighbours share
 * one, so that v86's two virtio functions, two slots apart, do not: there the first of two
 * devices to go quiet silences the shared line for both. */
static const uint8_t inputs[NR_WIRES] = {10, 10, 11, 11};

static bool
is_router(const struct pci_device *d)
{
    return pci_read16(d, PCI_VENDOR) == INTEL && pci_read16(d, PCI_DEVICE) == PIIX3;
}

/* A level-triggered input, as shared PCI wires need it. */
static void
set_level(unsigned irq)
{
    uint16_t port = (uint16_t)(LEVEL_FIRST + irq / 8);

    io_out8(port, (uint8_t)(io_in8(port) | 1u << irq % 8));
}

struct irq_line *
piix_irq(const struct pci_device *d)
{
    const struct pci_device router = {.slot = SLOT};
    uint8_t pin = pci_read8(d, PCI_INTERRUPT_PIN);

    if (pin == 0 || pin > NR_WIRES || d->bus != 0 || !is_router(&router))
        return NULL;
    unsigned wire = (pin - 1u + d->slot - SLOT) % NR_WIRES;
    uint8_t route = pci_read8(&router, PIRQ_ROUTE + wire);
    if ((route & ROUTE_NONE) || !pic_line(route)) {
        route = inputs[wire];
        set_level(route);
        pci_write8(&router, PIRQ_ROUTE + wire, route);
    }
    return pic_line(route);
}

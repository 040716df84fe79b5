/*
 * Interrupt routing of PCI on a PC whose firmware did none, or that has none.
 */
#ifndef ARCH_X86_PCI_PIIX_H
#define ARCH_X86_PCI_PIIX_H

#include "arch/x86/pci/pci.h"
#include "kernel/platform.h"

/* The 8259 line that a function's INTx pin arrives at, routed now if nobody has; NULL without
 * a pin, behind a bridge, or without the router that this file knows. */
struct irq_line *piix_irq(const struct pci_device *);

#endif

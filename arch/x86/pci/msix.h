/*
 * MSI-X (PCI Local Bus Specification 3.0, 6.8.2): interrupts that a PCI function sends as
 * messages, each from an entry of a table in one of its BARs. An entry in use is a struct
 * irq_line like any other.
 *
 * What a function says of its table is not trusted: it is used if it lies inside a memory BAR
 * that can be reached.
 */
#ifndef ARCH_X86_PCI_MSIX_H
#define ARCH_X86_PCI_MSIX_H

#include "arch/x86/pci/pci.h"

struct msix {
    struct pci_device pci;
    unsigned at;   /* offset of the capability; 0: none */
    unsigned size; /* entries; 0: not in use */
    volatile char *table;
};

/* Find the table and switch MSI-X on, which switches INTx off; no entry sends anything yet. On
 * an error MSI-X is off, whoever had switched it on: -ENOTSUP: the function has none, or the
 * machine no local APIC to send to; -EINVAL: a table that cannot be. */
int msix_open(const struct pci_device *, struct msix *);
/* Off for good; lines that were given out stay silent. */
void msix_close(struct msix *);
/* The line of entry `index`, made at the first call for it: the caller keeps it. NULL without
 * such an entry, memory or an interrupt number. */
struct irq_line *msix_line(const struct msix *, unsigned index);

#endif

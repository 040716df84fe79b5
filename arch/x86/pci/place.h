/*
 * Addresses of PCI functions on a PC whose firmware gave none.
 */
#ifndef ARCH_X86_PCI_PLACE_H
#define ARCH_X86_PCI_PLACE_H

#include "arch/x86/pci/pci.h"

/* Give each BAR without an address one, if the firmware left the function alone; nothing is
 * switched on. -ENOSPC: the windows have no room, or the function does not keep what it is
 * given; -ENOTSUP: behind a bridge. The function must not be switched on then. */
int pci_place(struct pci_device *);
/* No more to place: the memory that the work took is given back. */
void pci_place_end(void);

#endif

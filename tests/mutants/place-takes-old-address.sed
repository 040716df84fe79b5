# file: arch/x86/pci/place.c
# row: place
# test: pci an_address_that_is_there_is_kept
# A function that decodes already is placed again.
/PCI_COMMAND_IO | PCI_COMMAND_MEMORY/,/return 0;/d

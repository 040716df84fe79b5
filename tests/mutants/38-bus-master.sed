# file: arch/x86/pci/pci.c
# row: 38
# test: core test_bring_up
# Bus mastering is left to the firmware.
s/ | PCI_COMMAND_MASTER)/)/

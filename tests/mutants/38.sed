# row: 38

# name: 38-bus-master
# file: arch/x86/pci/pci.c
# test: core test_bring_up
# Bus mastering is left to the firmware.
s/ | PCI_COMMAND_MASTER)/)/

# file: arch/x86/lguest/lguest.c
# row: lguest
# test: lguest_host test_later_host
# Linux 4.x is not told from what came before.
s/return io_in32(PCI_ADDRESS_PORT) == 0xffffffff;/return true;/

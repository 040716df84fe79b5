# file: arch/x86/pci/place.c
# row: place
# test: pci what_has_no_address_gets_one
# A BAR is placed right below the end of the window, whatever its size.
s/uint64_t base = (end - size) & -size;/uint64_t base = end - size - 16;/

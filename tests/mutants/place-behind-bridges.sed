# file: arch/x86/pci/place.c
# row: place
# test: pci a_function_that_cannot_be_placed_is_told
# A function behind a bridge gets an address that the bridge does not pass on.
/if (d->bus != 0)/,/return -ENOTSUP/d

# file: arch/x86/pci/place.c
# row: place
# test: pci a_window_that_is_full_is_told
# The window goes down to address 0.
s/find(false, want->size, ram_end, MEMORY_END)/find(false, want->size, 0, MEMORY_END)/

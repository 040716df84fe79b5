# file: arch/x86/pci/msix.c
# row: 36
# test: msix test_vector_for_each
# The entry is unmasked before its message is written.
s/^    set_mask(&e->line, true);/    set_mask(\&e->line, false);/

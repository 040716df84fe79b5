# file: arch/x86/pci/msix.c
# row: 32
# test: msix test_no_local_apic
# MSI-X that firmware left enabled stays so where nobody can use it.
s/^    set_enable(m, m->table);/    if (m->table) set_enable(m, true);/

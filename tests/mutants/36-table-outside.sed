# file: arch/x86/pci/msix.c
# row: 36
# test: msix test_bad_tables
# The end of the table is not compared with the end of its BAR.
s/size \* ENTRY_SIZE > bar.size - offset/false/

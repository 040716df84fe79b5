# file: arch/x86/lguest/paging.c
# row: lguest
# test: lguest_paging test_protect_many
# Of many pages only the first table is told.
s/(table + 1) \* ENTRIES << PAGE_SHIFT)/(table + 2) * ENTRIES << PAGE_SHIFT)/

# file: arch/x86/lguest/paging.c
# row: lguest
# test: lguest_paging test_protect_one
# What may be executed may be written.
s/ || prot == PAGE_RX//

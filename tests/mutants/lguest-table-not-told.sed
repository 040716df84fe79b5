# file: arch/x86/lguest/paging.c
# row: lguest
# test: lguest_paging test_protect_many
# Of many pages only the first table is told.
s/(at \/ SPAN + 1) \* SPAN)/(at \/ SPAN + 2) * SPAN)/

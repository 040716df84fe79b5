# file: arch/x86/lguest/paging.c
# row: lguest
# test: lguest_paging test_protect_one
# The entry is written and the host not told of it.
s/lguest_call(one ? LHCALL_SET_PTE : LHCALL_SET_PGD,/if (!one) lguest_call(LHCALL_SET_PGD,/

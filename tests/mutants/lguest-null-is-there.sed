# file: arch/x86/lguest/paging.c
# row: lguest
# test: lguest_paging test_start
# Page 0 is memory like any other.
s/^    set_entries(0, LGUEST_LOW_MEMORY, 0);//

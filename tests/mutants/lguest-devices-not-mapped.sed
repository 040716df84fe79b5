# file: arch/x86/lguest/paging.c
# row: lguest
# test: lguest_paging test_start
# Nothing behind the RAM is mapped, where the devices are.
s/^    cover(devices, end);//

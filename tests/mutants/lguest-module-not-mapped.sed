# file: arch/x86/lguest/paging.c
# row: lguest
# test: lguest_paging test_start
# An initrd lies where nothing was given out yet.
s/i < boot_info.nr_modules/i < 0 * boot_info.nr_modules/

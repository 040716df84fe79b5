# file: arch/x86/lguest/paging.c
# row: lguest
# test: lguest_paging test_start
# The image is as the rest of memory.
/image_start, (uintptr_t)data_start, READ/d

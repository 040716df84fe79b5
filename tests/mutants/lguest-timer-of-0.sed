# file: arch/x86/lguest/time.c
# row: lguest
# test: lguest_host test_tsc_timer
# A deadline that is past cancels the timer.
s/deadline - now : 1;/deadline - now : 0;/

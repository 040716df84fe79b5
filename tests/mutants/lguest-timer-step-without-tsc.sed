# file: arch/x86/lguest/time.c
# row: lguest
# test: lguest_host test_slow_clock_set_back
# The step is only seen beside a TSC.
s/return host_latest < last;/return false;/

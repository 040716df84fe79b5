# file: arch/x86/lguest/time.c
# row: lguest
# test: lguest_host test_clock_set_back
# Each interrupt arms the timer again, for a hypercall more.
s/host_went_back() && //

# file: arch/x86/lguest/time.c
# row: lguest
# test: lguest_host test_clock_set_back
# A step arms the timer though nobody waits.
s/host_went_back() && (.*)/host_went_back())/

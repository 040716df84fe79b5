# file: arch/x86/lguest/time.c
# row: lguest
# test: lguest_host test_tsc_timer
# The low half of a long delay.
s/(uint32_t)MIN(delay, LONGEST_TIMER)/(uint32_t)delay/

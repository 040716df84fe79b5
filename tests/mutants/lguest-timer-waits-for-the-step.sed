# file: arch/x86/lguest/irq.c
# row: lguest
# test: lguest_host test_clock_set_back
# A host that sets its clock back stalls the timer by as much.
/lguest_timer_check();/d

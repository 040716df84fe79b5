# file: arch/x86/lguest/irq.c
# row: lguest
# test: lguest_host test_pending
# What was held back while interrupts were off is not asked for.
/SEND_INTERRUPTS/d

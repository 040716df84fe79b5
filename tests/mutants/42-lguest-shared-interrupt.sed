# file: arch/x86/lguest/irq.c
# row: 42
# test: lguest test_bad_queues
# An interrupt has as many owners as want it.
/claimed >> irq/d;/return -EBUSY/d

# file: arch/x86/lguest/irq.c
# row: lguest
# test: lguest_host test_terminate
# A device's interrupt 31 ends the program.
/irq == LGUEST_IRQ_TERMINATE/,+1d

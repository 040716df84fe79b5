# file: arch/x86/lguest/irq.c
# row: lguest
# test: lguest_host test_halt
# HALT switches interrupts on, and nobody off again.
/^lguest_halt/,/^}/s/lguest_irq_save();//

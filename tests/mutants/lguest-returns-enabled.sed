# file: arch/x86/lguest/irq.c
# row: lguest
# test: lguest_host test_return_disabled
# Every return enables interrupts.
s/!(frame->eflags & EFLAGS_IF)/!frame/

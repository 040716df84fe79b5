# file: arch/x86/lguest/irq.c
# row: lguest
# test: lguest_host test_pending
# irq_pending is left to the host, which never clears it.
s/lguest_data.irq_pending = 0;/;/

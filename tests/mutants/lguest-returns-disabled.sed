# file: arch/x86/lguest/irq.c
# row: lguest
# test: lguest_host test_storm
# The last handler leaves interrupts off.
/^lguest_trap_return/,/^}/{/    lguest_data.irq_enabled = LGUEST_IF;/d;s/LGUEST_IRQS/2/}

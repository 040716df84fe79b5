# file: arch/x86/lguest/irq.c
# row: lguest
# test: lguest_host test_storm
# Each return lets the next interrupt in on top of itself.
s/ || delivering)/)/;s/turns < LGUEST_IRQS/turns < 1/

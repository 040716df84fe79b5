# file: arch/x86/lguest/irq.c
# row: 42
# test: lguest test_bad_queues
# A queue is given the interrupt of the timer.
s/irq == LGUEST_IRQ_TIMER || irq >= LGUEST_IRQS/irq >= LGUEST_IRQS/;s/claimed = 1u << LGUEST_IRQ_TIMER/claimed/

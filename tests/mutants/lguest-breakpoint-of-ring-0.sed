# file: arch/x86/lguest/irq.c
# row: lguest
# test: lguest_host test_gates
# int3 is a protection fault.
s/GATE_INTERRUPT | GATE_DPL3$/GATE_INTERRUPT/

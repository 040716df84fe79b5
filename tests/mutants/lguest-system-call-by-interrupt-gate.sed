# file: arch/x86/lguest/irq.c
# row: lguest
# test: lguest_host test_gates
# Gate 0x80 is one that the host takes for an interrupt.
s/trap_system_call_stub, GATE_TRAP/trap_system_call_stub, GATE_INTERRUPT/

# file: launcher/vcpu/gate.c
# row: launcher
# test: gate a_signal_just_before_the_sleep_ends_it
# A signal between the last look and the sleep does not end it.
s/regs\[REG_RIP\] = (uintptr_t)gate_awake;/;/

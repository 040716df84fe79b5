# file: launcher/vcpu/gate.c
# row: launcher
# test: gate a_signal_on_the_way_out_begins_it_again
# A signal between the last look and the guest waits for the next exit.
s/regs\[REG_RIP\] = (uintptr_t)gate_resume;/;/

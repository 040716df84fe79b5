# file: launcher/vcpu/gate.c
# row: launcher
# test: gate another_call_goes_on_with_the_int
# What ends or restarts is served with signals let in.
s/if (!hypercall_by_gate(regs))/if (false)/

# file: launcher/vcpu/gate.c
# row: launcher
# test: gate another_call_goes_on_with_the_int
# What may sleep or restart is served with signals let in.
s/if (!hypercall_is_brief(regs))/if (false)/

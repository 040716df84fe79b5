# file: launcher/vcpu/gate.c
# row: launcher
# test: gate a_fault_is_never_put_off
# A fault in the gate is tried again for ever.
s/!(ours >> signal & 1) || //

# file: launcher/vcpu/gate.c
# row: launcher
# test: gate a_call_goes_on_behind_the_int
# A call that was served is made once more, by the int.
s/regs\[REG_RIP\] += INT_LENGTH;/;/

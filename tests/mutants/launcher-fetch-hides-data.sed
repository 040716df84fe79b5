# file: launcher/vcpu/view.c
# row: launcher
# test: view code_goes_far_alone
# Far code that touches low memory itself is told of a fault.
s/(fetch \&\& code_far(regs)) || /fetch ? code_far(regs) : /

# file: launcher/vcpu/view.c
# row: launcher
# test: view code_goes_far_alone
# Code in low memory makes data far, which does not help it.
s/(fetch \&\& code_far(regs)) || /fetch ? data_far(regs, fs) : /

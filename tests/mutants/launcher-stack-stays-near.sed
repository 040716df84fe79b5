# file: launcher/vcpu/view.c
# row: launcher
# test: view one_register_alone_goes_far
# ss, which the kernel saved, is forgotten.
s/bool moved = move_saved(regs, SS_SHIFT, far);/bool moved = false;/

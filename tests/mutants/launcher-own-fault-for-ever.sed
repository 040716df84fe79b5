# file: launcher/vcpu/view.c
# row: launcher
# test: view one_register_alone_goes_far
# A fault that the far view has as well is tried again and again.
s/^    bool moved = move_data(regs, fs, VIEW_FAR);/    bool moved = move_data(regs, fs, VIEW_FAR) || true;/

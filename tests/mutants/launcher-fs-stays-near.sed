# file: launcher/vcpu/view.c
# row: launcher
# test: view one_register_alone_goes_far
# fs, which is not in its register any more, is forgotten.
s/if (moves(\*fs, far))/if (*fs == 1)/

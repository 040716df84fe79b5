# file: launcher/vcpu/gate.c
# row: launcher
# test: gate what_came_is_served_before_the_guest_goes_on
# What came in the gate is marked and not served.
/^    gate_serve_deferred();/d

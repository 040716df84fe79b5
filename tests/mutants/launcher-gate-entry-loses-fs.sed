# file: launcher/vcpu/gate.c
# row: launcher
# test: gate a_signal_on_the_way_in_is_put_off
# The guest's fs is gone before it was kept.
s/^    if (!landed \&\& !is_within(ip, gate_enter, gate_own))/    if (landed || !is_within(ip, gate_enter, gate_enter))/

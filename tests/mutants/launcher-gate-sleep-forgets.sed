# file: launcher/vcpu/gate.c
# row: launcher
# test: gate what_the_sleep_found_is_kept
# A signal behind the sleep makes its result an error.
s/is_within(ip, gate_asleep, gate_awake)/is_within(ip, gate_asleep, gate_awake + 1)/

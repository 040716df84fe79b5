# file: launcher/vcpu/gate.c
# row: launcher
# test: gate who_leaves_hears_at_once
# Who asks a second time for the end is not heard.
s/ || is_leaving()//

# file: launcher/vcpu/view.c
# row: launcher
# test: view a_restart_begins_near
# A guest pays for what the one before it did.
s/^    code = data = .*$//

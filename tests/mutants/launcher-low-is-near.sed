# file: launcher/vcpu/memory.c
# row: launcher
# test: view places
# Null is where the host's own address 0 would be.
s/return address >= NEAR_BEGIN \&\& address/return address/

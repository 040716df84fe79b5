# file: launcher/vcpu/memory.c
# row: launcher
# test: view what_is_past_the_near_view
# What begins in the near view is taken to end there.
s/^           len <= memory.near_end - address;/           len != UINT32_MAX;/

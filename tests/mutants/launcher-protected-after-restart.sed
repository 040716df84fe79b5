# file: launcher/vcpu/paging.c
# row: launcher
# test: launcher_paging a_reset_opens_everything
# A guest finds the protections of the one before it.
s/if (in_use \&\& !protect(0, memory.ram, .*/if (0)/

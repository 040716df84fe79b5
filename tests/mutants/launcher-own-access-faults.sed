# file: launcher/vcpu/memory.c
# row: launcher
# test: launcher_paging the_launchers_own_way
# The launcher dies of a page that its guest protected.
s/if (!paging_is_open(address, len))/if (0)/

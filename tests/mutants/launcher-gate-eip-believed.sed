# file: launcher/vcpu/gate.c
# row: launcher
# test: gate outside_of_memory_is_no_way_back
# iretq to behind the segment's limit.
s/if (!memory_at(eip, INT_LENGTH))/if (false)/

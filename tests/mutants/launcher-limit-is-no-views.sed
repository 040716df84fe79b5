# file: launcher/vcpu/view.c
# row: launcher
# test: view limits_are_a_views_where_it_is_not_whole
# A guest of 3 GiB is told of a fault at the end of the near view.
s/^    return data_far(regs, fs) || code_far(regs);/    return false;/

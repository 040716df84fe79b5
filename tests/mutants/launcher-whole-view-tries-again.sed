# file: launcher/vcpu/view.c
# row: launcher
# test: view limits_are_a_views_where_it_is_not_whole
# A stray pointer makes data far first, though the view is whole.
s/ || memory.near_end >= memory.limit)/)/

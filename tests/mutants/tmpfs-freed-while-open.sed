# file: lib/fs/tmp_tree.c
# row: tmpfs
# test: tmpfs open_without_a_name
# A file goes with its last name although it is open.
s/^    if (node->links || node->refs)/    if (node->links)/

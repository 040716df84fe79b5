# file: lib/fs/tmp_change.c
# row: tmpfs
# test: tmpfs open_without_a_name
# What a rename replaced keeps its memory.
s/^        tmp_remove_name(new);/        ;/

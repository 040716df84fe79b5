# file: lib/fs/tmp_map.c
# row: tmpfs
# test: tmpfs no_memory_for_data
# A mapping that failed leaves chunks without a page.
s/^        tmp_data_tidy(d, first, first);/        ;/

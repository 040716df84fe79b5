# file: lib/fs/tmp_map.c
# row: tmpfs
# test: tmpfs a_full_pool
# Pages of a mapping are taken beyond the limit.
s/ || count - present > tmp_pool.limit - tmp_pool.used//

# file: apps/httpd/cache.c
# row: httpd
# test: cache all_of_them_have_a_bound
# Files take all memory.
s/return used + size <= most;/return true;/

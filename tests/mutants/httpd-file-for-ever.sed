# file: apps/httpd/cache.c
# row: httpd
# test: cache a_file_is_kept_for_a_second
# A file that changed is never seen.
/^cache_find/,/^}/s/turn < cached->until && //

# row: httpd

# name: httpd-answered-file-freed
# file: apps/httpd/cache.c
# test: cache an_answer_keeps_what_was_replaced
# An answer's file goes with the place in the table.
s/if (!cached || --cached->users > 0)/if (!cached)/

# name: httpd-cache-without-bound
# file: apps/httpd/cache.c
# test: cache all_of_them_have_a_bound
# Files take all memory.
s/return used + size <= most;/return true;/

# name: httpd-file-for-ever
# file: apps/httpd/cache.c
# test: cache a_file_is_kept_for_a_second
# A file that changed is never seen.
/^cache_find/,/^}/s/turn < cached->until && //

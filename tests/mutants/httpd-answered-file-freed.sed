# file: apps/httpd/cache.c
# row: httpd
# test: cache an_answer_keeps_what_was_replaced
# An answer's file goes with the place in the table.
s/if (!cached || --cached->users > 0)/if (!cached)/

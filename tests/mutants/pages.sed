# row: pages

# name: pages-taken-twice
# file: kernel/pages.c
# test: memory test_extremes
# Pages at a chosen place, whether or not somebody has them.
s/if (page >= nr_pages || is_taken(page))/if (page >= nr_pages)/

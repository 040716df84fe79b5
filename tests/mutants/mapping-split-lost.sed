# file: lib/libc/memory_shared.c
# row: mappings
# test: memory_shared parts
# What lies behind a part that goes is mapped by nobody, and the file never closed.
s/^    if (before \&\& after \&\& !record(file, behind, page + count, after))/    if (0)/

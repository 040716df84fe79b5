# file: lib/libc/memory_shared.c
# row: mappings
# test: memory_shared parts
# A mapping does not hold its file.
s/^    file_hold(file);$/    ;/

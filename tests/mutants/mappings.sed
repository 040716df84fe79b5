# row: mappings

# name: mapping-first-takes-all
# file: lib/libc/memory_shared.c
# test: memory_shared two_of_the_same_bytes
# The first of two mappings that goes takes the page from the other.
s/^            if (!find(page + i))/            if (1)/

# name: mapping-lost-when-it-cannot-grow
# file: lib/libc/memory_shared.c
# test: memory_shared growing
# A mapping that cannot grow is gone.
s/^            (void)map(file, at, old);.*/            ;/

# name: mapping-of-closed-file
# file: lib/libc/memory_shared.c
# test: memory_shared parts
# A mapping does not hold its file.
s/^    file_hold(file);$/    ;/

# name: mapping-split-lost
# file: lib/libc/memory_shared.c
# test: memory_shared parts
# What lies behind a part that goes is mapped by nobody, and the file never closed.
s/^    if (before \&\& after \&\& !record(file, behind, page + count, after))/    if (0)/

# file: lib/libc/memory_shared.c
# row: mappings
# test: memory_shared two_of_the_same_bytes
# The first of two mappings that goes takes the page from the other.
s/^            if (!find(page + i))/            if (1)/

# file: lib/libc/locks.c
# row: locks
# test: locks no_memory
# A change that lacks memory leaves half of it behind.
s/^    if (!new || !spare) {/    if (!new) {/

# file: lib/libc/locks.c
# row: locks
# test: locks no_memory
# A lock outlives the file that had it.
s/^        if (lock->owner != file)$/        if (lock)/

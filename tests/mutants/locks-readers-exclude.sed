# file: lib/libc/locks.c
# row: locks
# test: locks against_a_model
# Two that only read keep each other out.
s/(lock->exclusive || wanted->exclusive) \&\& //

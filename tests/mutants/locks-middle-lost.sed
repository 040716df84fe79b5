# file: lib/libc/locks.c
# row: locks
# test: locks against_a_model
# What lies behind a range that is given up is lost with it.
s/^        list_insert_before(lock->link.next, .*/        kfree(*spare);/

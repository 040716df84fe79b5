# row: locks

# name: locks-half-changed
# file: lib/libc/locks.c
# test: locks no_memory
# A change that lacks memory leaves half of it behind.
s/^    if (!new || !spare) {/    if (!new) {/

# name: locks-middle-lost
# file: lib/libc/locks.c
# test: locks against_a_model
# What lies behind a range that is given up is lost with it.
s/^        list_insert_before(lock->link.next, .*/        kfree(*spare);/

# name: locks-not-joined
# file: lib/libc/locks.c
# test: locks against_a_model
# Two locks that touch are told as two.
s/ || !near)$/ || near || !near)/

# name: locks-readers-exclude
# file: lib/libc/locks.c
# test: locks against_a_model
# Two that only read keep each other out.
s/(lock->exclusive || wanted->exclusive) \&\& //

# name: locks-stay
# file: lib/libc/locks.c
# test: locks no_memory
# A lock outlives the file that had it.
s/^        if (lock->owner != file)$/        if (lock)/

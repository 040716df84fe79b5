# file: lib/libc/locks.c
# row: locks
# test: locks against_a_model
# Two locks that touch are told as two.
s/ || !near)$/ || near || !near)/

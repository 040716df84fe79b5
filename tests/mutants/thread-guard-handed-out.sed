# file: kernel/thread.c
# row: threads
# test: thread loses_a_stack_whose_guard_stays
# A page that faults is given back.
/^free_dead/,/^}/{/kfree(t);/{N;/return/d}}

# file: kernel/thread.c
# row: threads
# test: thread lies_between_guard_and_top
# The byte above a stack counts as part of it.
/^thread_of_stack/,/^}/s/guard >= t->stack_size/guard > t->stack_size/

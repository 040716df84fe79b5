# file: kernel/thread.c
# row: threads
# test: thread ends_by_returning_or_by_saying_so
# A thread frees the stack that it is running on.
/^thread_exit/,/^}/s/dead = current;/&\n    free_dead();/

# file: kernel/thread.c
# row: threads
# test: wait sleeps_for_ever_if_the_sum_wraps
# The end of a very long sleep wraps into the past.
/^thread_sleep/,/^}/s/deadline < ns/false/

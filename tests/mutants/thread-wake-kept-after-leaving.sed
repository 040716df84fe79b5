# file: kernel/thread.c
# row: threads
# test: wait a_wake_before_the_sleep_counts
# A wake of a queue that was left ends the next sleep.
/^wait_leave/,/^}/s/current->woken = false;//

# file: kernel/thread.c
# row: threads
# test: wait one_is_woken_at_a_time_and_the_first_first
# The wake for one goes to a thread that is awake already.
/^wake_one/,/^}/s/ && !w->thread->woken//

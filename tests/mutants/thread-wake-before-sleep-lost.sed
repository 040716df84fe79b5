# file: kernel/thread.c
# row: threads
# test: wait a_wake_before_the_sleep_counts
# A wake between joining and sleeping is lost.
/^wake_thread/,/^}/s/    t->woken = true;/    t->woken = t->state == THREAD_BLOCKED;/

# file: kernel/thread.c
# row: threads
# test: wait is_woken_out_of_idleness
# The timer of a sleep that was cut short still fires.
/^wait_sleep/,/^}/s/timer_cancel(&timer);//

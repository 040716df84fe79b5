# file: kernel/thread.c
# row: threads
# test: wait looks_round_although_it_is_late
# A deadline that is past runs no deferred work.
/^wait_sleep/,/^}/{/clock_now() >= deadline) {/{n;s/defer_run();//}}

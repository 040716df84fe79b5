# file: lib/libc/interval.c
# row: timers
# test: interval processor_time
# A timer of processor time fires though nobody worked.
/now_of(t) < t->deadline/s/now_of(t)/clock_now()/

# row: timers

# name: timers-bit-of-another
# file: lib/libc/signal_queue.c
# test: interval notes
# The bit of a number goes with the first of several that wait.
s/if (!find(number, thread))/if (true)/

# name: timers-idle-counts
# file: lib/libc/interval.c
# test: interval processor_time
# A timer of processor time fires though nobody worked.
/now_of(t) < t->deadline/s/now_of(t)/clock_now()/

# name: timers-interval-wraps
# file: lib/libc/interval.c
# test: interval counted
# A time that is too late to be told becomes one of the past.
/__builtin_add_overflow(\*deadline, span, deadline)/s/__builtin_add_overflow.*)/(*deadline += span, false))/

# name: timers-signal-queued-twice
# file: lib/libc/signal_queue.c
# test: interval signals_wait
# A standard signal that waits already waits twice.
/info->signo < ABI_SIGRTMIN && (\*set/s/info->signo < ABI_SIGRTMIN/false/

# file: lib/libc/interval.c
# row: timers
# test: interval counted
# A time that is too late to be told becomes one of the past.
/__builtin_add_overflow(\*deadline, span, deadline)/s/__builtin_add_overflow.*)/(*deadline += span, false))/

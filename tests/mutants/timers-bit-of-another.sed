# file: lib/libc/signal_queue.c
# row: timers
# test: interval notes
# The bit of a number goes with the first of several that wait.
s/if (!find(number, thread))/if (true)/

# file: lib/libc/signal_queue.c
# row: timers
# test: interval signals_wait
# A standard signal that waits already waits twice.
/info->signo < ABI_SIGRTMIN && (\*set/s/info->signo < ABI_SIGRTMIN/false/

# file: kernel/thread.c
# row: threads
# test: thread ticks_come_while_others_are_ready
# What an interrupt left behind on the way out of a system call waits for the next interrupt.
/^program_enter/,/^}/s/if (!defer_pending())/if (1)/

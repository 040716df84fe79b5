# file: kernel/thread.c
# row: threads
# test: thread ticks_come_while_others_are_ready
# A thread that is alone is interrupted 250 times a second.
/^program_enter/,/^}/s/if (!list_empty(&ready))//

# file: kernel/timer.c
# row: threads
# test: timer a_tick_comes_once
# After an interrupt the tick is taken for one that is still to come.
/^timer_interrupt/,/^}/s/tick = TIME_NEVER;//

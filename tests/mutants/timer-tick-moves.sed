# file: kernel/timer.c
# row: threads
# test: timer a_tick_comes_once
# Whoever asks for a tick puts it off for everybody: a thread that calls often would never give way.
/^timer_tick/,/^}/s/new = tick == TIME_NEVER/new = true/

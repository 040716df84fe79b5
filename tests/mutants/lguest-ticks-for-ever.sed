# file: arch/x86/lguest/time.c
# row: lguest
# test: lguest_host test_slow_clock_rests
# The tick is armed again although nobody looks.
/^lguest_timer_tick/,/^}/s/watched = false;/;/;s/else if (deadline != TIME_NEVER)/else/

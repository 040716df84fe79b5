# file: arch/x86/lguest/time.c
# row: lguest
# test: lguest_host test_slow_clock_passes
# Looking at the clock arms no tick.
/if (on && !watched)/,/}/d

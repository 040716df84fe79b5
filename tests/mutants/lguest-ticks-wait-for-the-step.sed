# file: arch/x86/lguest/time.c
# row: lguest
# test: lguest_host test_tick_set_back
# Only a deadline is armed again, not the tick.
s/ && (deadline != TIME_NEVER || watched)/ \&\& deadline != TIME_NEVER/

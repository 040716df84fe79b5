# file: arch/x86/lguest/lguest.c
# row: lguest
# test: lguest_host test_exit
# A restart is a power-off.
s/LGUEST_SHUTDOWN_RESTART/LGUEST_SHUTDOWN_POWEROFF/

# file: arch/x86/lguest/time.c
# row: lguest
# test: lguest_host test_slow_clock_and_host
# After the host set its clock back ours waits for it to catch up.
s/^    host_latest = now;/    host_latest = MAX(host_latest, now);/

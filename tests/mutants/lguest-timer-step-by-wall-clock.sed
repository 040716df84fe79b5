# file: arch/x86/lguest/time.c
# row: lguest
# test: lguest_host test_clock_set_back
# Only a clock that is behind its last reading was set back, TSC or not.
s/int64_t lead = (int64_t)(host_time() - now_ns());/int64_t lead = (int64_t)host_time();/

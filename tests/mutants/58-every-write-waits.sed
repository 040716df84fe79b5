# file: kernel/device_console.c
# row: 58
# test: console a_host_that_does_not_read_costs_one_bounded_wait
# Each line of the kernel waits for a host that does not read.
/^wait_briefly/,/^}/s/stalled ? 0 : STALL_TIME/STALL_TIME/

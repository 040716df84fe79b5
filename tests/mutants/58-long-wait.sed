# file: kernel/device_console.c
# row: 58
# test: console a_host_that_does_not_read_costs_one_bounded_wait
# A host that does not read is waited for a minute.
s/(500 \* NSEC_PER_MSEC)/(60 * NSEC_PER_SEC)/

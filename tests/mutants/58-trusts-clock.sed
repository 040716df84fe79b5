# file: kernel/device_console.c
# row: 58
# test: console a_clock_that_stands_still_does_not_hang_output
# Only the clock ends the wait, and it stands still.
/^wait_briefly/,/^}/s/looks < STALL_LOOKS/looks < UINT32_MAX/

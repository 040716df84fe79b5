# file: drivers/virtio/device/console.c
# row: 58
# test: console a_host_that_does_not_read_costs_one_bounded_wait
# Each write waits for a host that does not read.
/^wait_for_host/,/^}/s/c->stalled ? 0 : STALL_TIME/STALL_TIME/

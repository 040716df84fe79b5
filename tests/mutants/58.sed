# row: 58

# name: 58-every-write-waits
# file: kernel/device_console.c
# test: console a_host_that_does_not_read_costs_one_bounded_wait
# Each line of the kernel waits for a host that does not read.
/^wait_briefly/,/^}/s/stalled ? 0 : STALL_TIME/STALL_TIME/

# name: 58-long-wait
# file: kernel/device_console.c
# test: console a_host_that_does_not_read_costs_one_bounded_wait
# A host that does not read is waited for a minute.
s/(500 \* NSEC_PER_MSEC)/(60 * NSEC_PER_SEC)/

# name: 58-multiport-accepted
# file: drivers/virtio/device/console.c
# test: console multiport_is_not_taken_and_two_queues_suffice
# MULTIPORT is accepted without its control queues.
s/^    \.features = /    .features = 1u << VIRTIO_CONSOLE_F_MULTIPORT | /

# name: 58-nobody-is-woken
# file: drivers/virtio/device/console.c
# test: console a_pausing_host_loses_nothing
# Whoever waits for room is not told when there is some.
/^output_taken/,/^}/s/wake_all(&c->dev.changed);/;/

# name: 58-panic-enters-the-ring
# file: drivers/virtio/device/console.c
# test: console panic_inside_a_write_goes_to_the_early_console
# A panic in the middle of a write enters the ring again.
/^can_queue/,/^}/s/ \&\& !c->in_verb//

# name: 58-size-always-read
# file: drivers/virtio/device/console.c
# test: console size_is_read_only_where_it_is_offered
# The size is read although F_SIZE was not agreed.
/^read_size/,/^}/s/!virtio_has(c->v, VIRTIO_CONSOLE_F_SIZE)/c->v->resets > 99/

# name: 58-trusts-clock
# file: kernel/device_console.c
# test: console a_clock_that_stands_still_does_not_hang_output
# Only the clock ends the wait, and it stands still.
/^wait_briefly/,/^}/s/looks < STALL_LOOKS/looks < UINT32_MAX/

# row: 17

# name: 17-reset-not-awaited
# file: drivers/virtio/core.c
# test: core test_reset_takes_time
# The reset is asked for and not awaited.
s/v->transport->get_status(v) != 0; looks++/false; looks++/

# name: 17-reset-trusts-clock
# file: drivers/virtio/core.c
# test: core test_reset_without_clock
# The wait for a reset rests on the clock alone.
s/looks < RESET_LOOKS && //

# name: 17-reset-without-bound
# file: drivers/virtio/core.c
# test: core test_reset_never_ends
# The wait for a reset has no end.
s/if (looks < RESET_LOOKS && clock_now() <= deadline)/if (clock_now() || deadline)/

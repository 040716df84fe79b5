# file: drivers/virtio/core.c
# row: 17
# test: core test_reset_never_ends
# The wait for a reset has no end.
s/if (looks < RESET_LOOKS && clock_now() <= deadline)/if (clock_now() || deadline)/

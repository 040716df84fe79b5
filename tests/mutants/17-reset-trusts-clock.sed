# file: drivers/virtio/core.c
# row: 17
# test: core test_reset_without_clock
# The wait for a reset rests on the clock alone.
s/looks < RESET_LOOKS && //

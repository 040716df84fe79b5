# file: drivers/virtio/core.c
# row: 26
# test: core test_recovery_hangs
# Rings are freed although the reset did not finish.
/^give_up/,/^}/s/if (device_reset(v) == 0)/if (device_reset(v) <= 0)/

# row: 26

# name: 26-freed-before-reset
# file: drivers/virtio/core.c
# test: core test_probe_says_no
# Rings are freed while the device is alive.
/^give_up/,/^}/s/^    if (device_reset(v) == 0)/    take_back(v);\n&/

# name: 26-freed-without-reset
# file: drivers/virtio/core.c
# test: core test_recovery_hangs
# Rings are freed although the reset did not finish.
/^give_up/,/^}/s/if (device_reset(v) == 0)/if (device_reset(v) <= 0)/

# name: 26-no-failed
# file: drivers/virtio/core.c
# test: core test_fail_each_allocation
# A device that was given up is not told.
/status_add(v, VIRTIO_STATUS_FAILED)/d

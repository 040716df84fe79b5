# file: drivers/virtio/core.c
# row: 26
# test: core test_probe_says_no
# Rings are freed while the device is alive.
/^give_up/,/^}/s/^    if (device_reset(v) == 0)/    take_back(v);\n&/

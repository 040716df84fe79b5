# file: drivers/virtio/core.c
# row: 31
# test: core test_rare_resets
# Resets are counted over the whole life of a device.
s/v->period_resets = 0;/;/

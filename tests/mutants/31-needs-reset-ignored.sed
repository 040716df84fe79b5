# file: drivers/virtio/core.c
# row: 31
# test: core test_needs_reset
# DEVICE_NEEDS_RESET is taken for a configuration change.
s/get_status(v) & VIRTIO_STATUS_NEEDS_RESET/get_status(v) \& 0/

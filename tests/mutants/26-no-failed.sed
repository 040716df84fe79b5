# file: drivers/virtio/core.c
# row: 26
# test: core test_fail_each_allocation
# A device that was given up is not told.
/status_add(v, VIRTIO_STATUS_FAILED)/d

# file: drivers/virtio/core.c
# row: 18
# test: core test_bring_up
# DRIVER without ACKNOWLEDGE.
/status_add(v, VIRTIO_STATUS_ACKNOWLEDGE)/d

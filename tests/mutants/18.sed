# row: 18

# name: 18-no-acknowledge
# file: drivers/virtio/core.c
# test: core test_bring_up
# DRIVER without ACKNOWLEDGE.
/status_add(v, VIRTIO_STATUS_ACKNOWLEDGE)/d

# name: 18-status-bits-lost
# file: drivers/virtio/core.c
# test: core test_bring_up
# A status bit is written alone.
s/v->transport->get_status(v) | bits/bits/

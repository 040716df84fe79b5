# file: drivers/virtio/transport/lguest.c
# row: 42
# test: lguest test_probe_fails
# FAILED is written and not notified.
/VIRTIO_STATUS_FAILED/,/}/s/lguest_notify(.*);/;/

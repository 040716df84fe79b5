# file: drivers/virtio/core.c
# row: 18
# test: core test_bring_up
# A status bit is written alone.
s/v->transport->get_status(v) | bits/bits/

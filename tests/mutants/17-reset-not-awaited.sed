# file: drivers/virtio/core.c
# row: 17
# test: core test_reset_takes_time
# The reset is asked for and not awaited.
s/v->transport->get_status(v) != 0; looks++/false; looks++/

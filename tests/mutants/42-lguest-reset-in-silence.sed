# file: drivers/virtio/transport/lguest.c
# row: 42
# test: lguest test_reset_and_again
# A reset that the host does not hear of.
/^lguest_set_status/,/started = false/s/lguest_notify(.*);/;/

# file: drivers/virtio/transport/lguest.c
# row: 42
# test: lguest test_one_start
# Each later status is a start to the host.
s/ && !d->started//

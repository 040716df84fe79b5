# file: drivers/virtio/transport/lguest.c
# row: 42
# test: lguest test_bad_queues
# Two queues in one place.
/^overlaps/,/^}/s/return base/return size == 0 \&\& base/

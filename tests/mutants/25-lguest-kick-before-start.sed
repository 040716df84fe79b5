# file: drivers/virtio/transport/lguest.c
# row: 25
# test: lguest test_kick_before_start
# A queue is notified before the start, which the host dies of.
/^lguest_queue_notify/,/^}/s/if (lguest_device(v)->started)/(void)v;/

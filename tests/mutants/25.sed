# row: 25

# name: 25-early-kick
# file: drivers/virtio/ring/queue.c
# test: ring test_no_kick_before_running
# A notification before DRIVER_OK.
s/q->broken || !q->device->running/q->broken/

# name: 25-lguest-kick-before-start
# file: drivers/virtio/transport/lguest.c
# test: lguest test_kick_before_start
# A queue is notified before the start, which the host dies of.
/^lguest_queue_notify/,/^}/s/if (lguest_device(v)->started)/(void)v;/
